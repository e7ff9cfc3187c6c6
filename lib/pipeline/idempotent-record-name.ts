import { OptionCheck } from '../core/check.js';
import {
  IDEMPOTENT,
  IdempotencyKeyInvalidError,
  IdempotencyKeyMissingError,
  readGivenKey,
  SHARED_OPERATION,
} from '../policies/idempotency/index.js';

/** What names a record, as the guarded call that it belongs to did; what that call went without is left out. */
export interface RecordName {
  /** What is being done; the runs without one share one. */
  readonly operation?: string | undefined;
  /** The caller's key. */
  readonly key: string;
  /** Who the key belongs to. */
  readonly scope?: string | undefined;
}

/**
 * The name with nothing left open.
 *
 * @throws {InvalidOptionsError} for an operation or a scope that is no text
 * @throws {IdempotencyKeyMissingError} where there is no key
 * @throws {IdempotencyKeyInvalidError} where no call can have had it
 */
export function wholeName({ operation = SHARED_OPERATION, key, scope }: RecordName) {
  const check = new OptionCheck(IDEMPOTENT, operation);
  check.text('operation', operation);
  const reading = readGivenKey(key);
  if (reading.kind === 'missing') throw new IdempotencyKeyMissingError(operation, 'give `key`');
  if (reading.kind === 'invalid') throw new IdempotencyKeyInvalidError(operation, reading.why);
  if (scope !== undefined && typeof scope !== 'string') check.refuse('scope', scope, 'must be a text');
  return { operation, key, scope };
}
