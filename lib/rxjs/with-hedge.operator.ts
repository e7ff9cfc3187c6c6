import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Duration } from '../core/index.js';
import type { HedgeOptions, HedgePercentile } from '../policies/hedge/index.js';
import { operator, type OperatorOptions, stepsOf } from './operator.js';

/**
 * Subscribes to the source once more beside the first time while its first value is slow, by the rules of `@Hedge`:
 * the first stream that gives a value or completes is the result, the others are left.
 *
 * @throws {InvalidOptionsError} where an option cannot be meant
 */
export function withHedge<T>(
  hedge: HedgeOptions | Duration | HedgePercentile = {},
  options: OperatorOptions = {},
): MonoTypeOperatorFunction<T> {
  const { operation = 'withHedge' } = options;
  return operator<T>({ operation, ...stepsOf(operation, { hedge }) });
}
