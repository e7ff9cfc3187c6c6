import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Duration } from '../core/index.js';
import type { TimeLimiterOptions } from '../policies/time-limiter/index.js';
import { operator, type OperatorOptions, stepsOf } from './operator.js';

/**
 * Fails with `TimeoutExceededError` where the first value, or the end, takes longer than the limit.
 *
 * @throws {InvalidOptionsError} where an option cannot be meant
 */
export function withTimeLimiter<T>(
  timeLimiter: TimeLimiterOptions | Duration,
  options: OperatorOptions = {},
): MonoTypeOperatorFunction<T> {
  const { operation = 'withTimeLimiter' } = options;
  return operator<T>({ operation, ...stepsOf(operation, { timeLimiter }) });
}
