import type { Environment } from '../core/environment.js';
import { invoke, type Target } from './invoke.js';
import {
  fallbackLayer,
  gateLayer,
  PLAIN_VALUES,
  type PromiseNext,
  retryLayer,
  type ValueView,
} from './promise-layers.js';
import { hedgeLayer } from './promise-hedge.js';
import { limitLayer } from './promise-limit.js';
import type { IdempotentMethod } from './idempotent-layer.js';
import { refusedIteration } from './idempotent-not-yet.js';
import type { Step } from './step.js';

/**
 * The promise shell: carries out what the rules of the steps decide, outermost first. This is the plain
 * composition; the fused path makes a first attempt without it and hands over to it whenever that attempt is
 * anything but a success.
 */
export function composePromise(
  steps: readonly Step[],
  target: Target,
  environment: Environment,
): PromiseNext {
  const innermost: PromiseNext = async (scope, record) => invoke(target, environment, scope, record);
  return composeLayers(steps, environment, innermost);
}

/** Puts a layer for each step around what is innermost. */
export function composeLayers(
  steps: readonly Step[],
  environment: Environment,
  innermost: PromiseNext,
  view = PLAIN_VALUES,
): PromiseNext {
  return steps.reduceRight<PromiseNext>((next, step, index) => {
    switch (step.word) {
      case 'idempotent':
        return guardLayer(step.rule, next, view);
      case 'fallback':
        return fallbackLayer(step.rule, next, view);
      case 'retry':
        return retryLayer(step.rule, environment, next, view);
      case 'hedge':
        return hedgeLayer(step.rule, environment, next, view);
      case 'totalTimeout':
      case 'attemptTimeout':
        return limitLayer(step.rule, environment, next, view);
      case 'circuitBreaker':
      case 'rateLimiter':
      case 'bulkhead':
        return gateLayer(step.rule, index, next, view);
    }
  }, innermost);
}

/** Only the value of a promise can be kept; an iteration would be recorded before it has begun. */
function guardLayer(rule: IdempotentMethod, next: PromiseNext, view: ValueView): PromiseNext {
  return view === PLAIN_VALUES ? rule.layer(next) : refusedIteration(rule.operation);
}
