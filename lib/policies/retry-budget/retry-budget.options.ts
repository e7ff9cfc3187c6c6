import { OptionCheck } from '../../core/check.js';
import { withDefaults } from '../../core/with-defaults.js';

/** A budget that grows with success: retries stay a fraction of what works. */
export interface ProportionalRetryBudgetOptions {
  /** The most tokens it holds, and what it starts with; at least 1. @defaultValue 10 */
  readonly capacity?: number;
  /** Tokens that the success of a first attempt adds; at least 0. @defaultValue 0.1 */
  readonly ratio?: number;
  /** Tokens that trickle in per second, whatever happens; at least 0. @defaultValue 0.1 */
  readonly minRetriesPerSecond?: number;
  /** Whether a retry that succeeds gives its token back. @defaultValue true */
  readonly refund?: boolean;
}

/** A plain token bucket: so many retries per second, whatever else happens. */
export interface FixedRetryBudgetOptions {
  /** Retries per second, at least 0; the bucket holds as many tokens, and at least one. */
  readonly maxRetriesPerSecond: number;
}

/** How much retrying is granted: in proportion to success, or a plain rate. The two are not mixed. */
export type RetryBudgetOptions = ProportionalRetryBudgetOptions | FixedRetryBudgetOptions;

/** Both forms of a budget, in the terms of the account. */
export interface ResolvedRetryBudgetOptions {
  /** The most tokens it holds. */
  readonly capacity: number;
  /** Tokens per success of a first attempt. */
  readonly ratio: number;
  /** Tokens per second. */
  readonly tokensPerSecond: number;
  /** Whether a retry that succeeds gives its token back. */
  readonly refund: boolean;
}

/** What holds where an option is not given. */
export const RETRY_BUDGET_DEFAULTS = {
  capacity: 10,
  ratio: 0.1,
  minRetriesPerSecond: 0.1,
  refund: true,
} as const satisfies ProportionalRetryBudgetOptions;

const PROPORTIONAL = ['capacity', 'ratio', 'minRetriesPerSecond', 'refund'];
const RATE = 'maxRetriesPerSecond';

/**
 * Fills and checks the options of one budget.
 *
 * @throws {InvalidOptionsError} with the place where they were written, field, value and what would be right
 */
export function resolveRetryBudgetOptions(
  place: string,
  given: RetryBudgetOptions = {},
): ResolvedRetryBudgetOptions {
  const check = new OptionCheck('retryBudget', place);
  check.onlyKnown(given, [...PROPORTIONAL, RATE]);
  if (isFixed(given)) return resolveFixed(check, given);
  const options = withDefaults<Required<ProportionalRetryBudgetOptions>, object>(
    RETRY_BUDGET_DEFAULTS,
    given,
  );
  return {
    capacity: check.number('capacity', options.capacity, 1),
    ratio: check.number('ratio', options.ratio, 0),
    tokensPerSecond: check.number('minRetriesPerSecond', options.minRetriesPerSecond, 0),
    refund: check.flag('refund', options.refund),
  };
}

function resolveFixed(check: OptionCheck, given: FixedRetryBudgetOptions): ResolvedRetryBudgetOptions {
  const mixed = Object.entries(given).find(([field, value]) => field !== RATE && value !== undefined);
  if (mixed !== undefined) check.refuse(mixed[0], mixed[1], `must not be given together with ${RATE}`);
  const tokensPerSecond = check.number(RATE, given.maxRetriesPerSecond, 0);
  return { capacity: Math.max(1, tokensPerSecond), ratio: 0, tokensPerSecond, refund: false };
}

function isFixed(given: RetryBudgetOptions): given is FixedRetryBudgetOptions {
  return RATE in given && given.maxRetriesPerSecond !== undefined;
}
