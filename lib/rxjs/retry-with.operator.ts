import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Pipeline } from '../pipeline/index.js';
import type { RetryOptions } from '../policies/retry/index.js';
import { operator, type OperatorOptions, stepsOf } from './operator.js';

/** Policies of an application: a pipeline of `ResilienceService.pipeline`, or what `ResilienceService.policy` gives. */
export type RetryPolicy =
  Pick<Pipeline, 'steps' | 'environment' | 'operation'> | { readonly pipeline: Pipeline };

/**
 * Subscribes to the source again after a transient failure, by the rules of `@Retryable`. Values are never sent
 * twice: once one was delivered, a failure passes through.
 *
 * @param policy the retry of these policies, with the budget and the events of their application; or options, on the
 * default engine of the process
 * @throws {InvalidOptionsError} where an option cannot be meant
 */
export function retryWith<T>(
  policy: RetryPolicy | RetryOptions = {},
  options: OperatorOptions = {},
): MonoTypeOperatorFunction<T> {
  const of = 'pipeline' in policy ? policy.pipeline : policy;
  if (!('steps' in of)) {
    const { operation = 'retryWith' } = options;
    return operator<T>({ operation, ...stepsOf(operation, { retry: of }) });
  }
  const { operation = of.operation } = options;
  const steps = of.steps.filter(({ word }) => word === 'retry');
  return operator<T>({ operation, steps, environment: of.environment });
}
