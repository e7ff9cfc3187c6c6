import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';

/** How long is waited for a method; at least one of the two limits is given. */
export interface TimeLimiterOptions {
  /**
   * Longest wait for one attempt, the time in a bulkhead's queue included; more than 0.
   *
   * @defaultValue none: one attempt may take as long as the call
   */
  readonly attemptTimeout?: Duration;
  /**
   * Longest wait for the whole call: all attempts, the delays between them, all queues; more than 0 and not
   * less than `attemptTimeout`.
   *
   * @defaultValue none: attempts may go on as long as other policies allow
   */
  readonly totalTimeout?: Duration;
}

/** Checked limits in milliseconds; a limit that is `undefined` does not exist. */
export interface ResolvedTimeLimiterOptions {
  readonly attemptTimeoutMs: number | undefined;
  readonly totalTimeoutMs: number | undefined;
}

const FIELDS: readonly string[] = ['attemptTimeout', 'totalTimeout'] satisfies (keyof TimeLimiterOptions)[];

/**
 * Gives limits that are above zero and in order, or throws.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveTimeLimiterOptions(
  operation: string,
  given: TimeLimiterOptions,
): ResolvedTimeLimiterOptions {
  const check = new OptionCheck('timeLimiter', operation);
  check.onlyKnown(given, FIELDS);
  const limitMs = (field: keyof TimeLimiterOptions): number | undefined =>
    given[field] === undefined ? undefined : check.positiveDurationMs(field, given[field]);
  const attemptTimeoutMs = limitMs('attemptTimeout');
  const totalTimeoutMs = limitMs('totalTimeout');
  if (attemptTimeoutMs === undefined && totalTimeoutMs === undefined) {
    check.refuse('attemptTimeout', undefined, 'or timeLimiter.totalTimeout must be given');
  }
  if (attemptTimeoutMs !== undefined && totalTimeoutMs !== undefined && attemptTimeoutMs > totalTimeoutMs) {
    const values = `${attemptTimeoutMs} ms is longer than ${totalTimeoutMs} ms`;
    check.refuse('attemptTimeout', given.attemptTimeout, `must be at most totalTimeout: ${values}`);
  }
  return { attemptTimeoutMs, totalTimeoutMs };
}
