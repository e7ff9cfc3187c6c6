import { BEGIN_CASES } from './store-contract-begin.js';
import { COMPLETE_CASES } from './store-contract-complete.js';
import { EXTEND_CASES } from './store-contract-extend.js';
import { MODEL_CASES } from './store-contract-model.js';
import { OPERATOR_CASES } from './store-contract-operators.js';
import { OVERLAP_CASES } from './store-contract-overlaps.js';
import { RACE_CASES } from './store-contract-races.js';
import { RELEASE_CASES } from './store-contract-release.js';
import { RETENTION_CASES } from './store-contract-retention.js';
import { UNCHANGED_CASES } from './store-contract-unchanged.js';
import { UPKEEP_CASES } from './store-contract-upkeep.js';
import type { StoreContractCase } from './store-contract-world.js';

/**
 * Every promise of the idempotency store port as a list of cases, for any test runner: each has a name and a
 * `run` that rejects where a store does not keep the promise. The cases use keys of their own, so one store may
 * serve all of them, one after another or side by side.
 *
 * @example
 * for (const { name, run } of IDEMPOTENCY_STORE_CONTRACT) {
 *   it(name, () => run({ store, pass: (milliseconds) => setTimeout(milliseconds) }));
 * }
 */
export const IDEMPOTENCY_STORE_CONTRACT: readonly StoreContractCase[] = [
  ...BEGIN_CASES,
  ...RETENTION_CASES,
  ...EXTEND_CASES,
  ...COMPLETE_CASES,
  ...RELEASE_CASES,
  ...UNCHANGED_CASES,
  ...RACE_CASES,
  ...OVERLAP_CASES,
  ...OPERATOR_CASES,
  ...UPKEEP_CASES,
  ...MODEL_CASES,
];
