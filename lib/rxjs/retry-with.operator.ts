import type { MonoTypeOperatorFunction } from 'rxjs';
import type { RetryOptions } from '../policies/retry/index.js';
import { operator, type OperatorOptions, stepsOf } from './operator.js';

/**
 * Subscribes to the source again after a transient failure, by the rules of `@Retryable`. Values are never sent
 * twice: once one was delivered, a failure passes through.
 *
 * @throws {InvalidOptionsError} where an option cannot be meant
 */
export function retryWith<T>(
  retry: RetryOptions = {},
  options: OperatorOptions = {},
): MonoTypeOperatorFunction<T> {
  const { operation = 'retryWith' } = options;
  return operator<T>({ operation, ...stepsOf(operation, { retry }) });
}
