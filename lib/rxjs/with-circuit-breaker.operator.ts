import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Breaker } from '../pipeline/index.js';
import { operator, type OperatorOptions } from './operator.js';

/**
 * Fails fast at subscription while the breaker is open. Unsubscribing before a value gives the permit back
 * unrecorded; after one it counts as a success.
 */
export function withCircuitBreaker<T>(
  breaker: Breaker,
  options: OperatorOptions = {},
): MonoTypeOperatorFunction<T> {
  const { operation = breaker.name } = options;
  const { environment, gate } = breaker;
  return operator<T>({ operation, environment, steps: [{ word: 'circuitBreaker', rule: gate }] });
}
