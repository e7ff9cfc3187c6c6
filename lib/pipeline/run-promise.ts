import type { Environment } from '../core/environment.js';
import { goodValuesOf } from './good-values.js';
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
import type { MethodAlone } from './idempotent-execution.js';
import type { IdempotentMethod } from './idempotent-layer.js';
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
  const alone: MethodAlone = { target, environment };
  const view: GuardedView = {
    ...PLAIN_VALUES,
    guard: (rule, next) => rule.layer(next, next === innermost ? alone : undefined),
  };
  return composeLayers(steps, environment, innermost, view);
}

/** The same, and how values of that kind are guarded: who composes promises only needs no more than that. */
export interface GuardedView extends ValueView {
  guard(rule: IdempotentMethod, next: PromiseNext): PromiseNext;
}

/** Puts a layer for each step around what is innermost. */
export function composeLayers(
  steps: readonly Step[],
  environment: Environment,
  innermost: PromiseNext,
  view: GuardedView,
): PromiseNext {
  return steps.reduceRight<PromiseNext>((next, step, index) => {
    switch (step.word) {
      case 'idempotent':
        return view.guard(step.rule, next);
      case 'fallback':
        return fallbackLayer(step.rule, goodValuesOf(step.rule, steps.slice(index + 1)), next, view);
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
