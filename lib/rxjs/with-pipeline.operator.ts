import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Pipeline } from '../pipeline/index.js';
import { operator, type OperatorOptions } from './operator.js';

/**
 * Runs each subscription of the source through a whole pipeline, as one call.
 *
 * @param pipeline of `ResilienceService.pipeline`
 */
export function withPipeline<T>(
  pipeline: Pipeline,
  options: OperatorOptions = {},
): MonoTypeOperatorFunction<T> {
  const { steps, environment } = pipeline;
  return operator<T>({ operation: options.operation ?? pipeline.operation, steps, environment });
}
