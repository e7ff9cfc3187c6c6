import type { OperatorFunction } from 'rxjs';
import type {
  FallbackFilter,
  FallbackFunction,
  LastGoodFallback,
  ValueFallback,
} from '../policies/fallback/index.js';
import { operator, type OperatorOptions, stepsOf } from './operator.js';

/**
 * Answers in the place of a failure, by the rules of `@Fallback`; the answer comes as a stream.
 *
 * @throws {InvalidOptionsError} where an option cannot be meant
 */
export function withFallback<T, F = T>(
  handler: FallbackFunction | ValueFallback | LastGoodFallback,
  filter?: FallbackFilter,
  options: OperatorOptions = {},
): OperatorFunction<T, T | F> {
  const { operation = 'withFallback' } = options;
  return operator<T, T | F>({ operation, ...stepsOf(operation, { fallback: { handler, filter } }) });
}
