import type { Call } from '../core/call.js';
import type { FallbackRule } from '../policies/fallback/index.js';
import type { Step } from './step.js';
import { type ValueMemory, valuesOf } from './value-log.js';

/**
 * Tells a fallback of good values alone: one that a retry or a breaker inside counts as a failure reaches its
 * caller, but must not be served to others when nothing better is to be had.
 */
export function goodValuesOf(rule: FallbackRule, inside: readonly Step[]): ValueMemory {
  const { remembers } = rule;
  return {
    remembers,
    remember: (call, value) => {
      if (remembers && !countsAsFailure(value, call, inside)) rule.remember(call.args, value);
    },
  };
}

/** Of a stream it is the first value that rules judge; `undefined` where there was none. */
function countsAsFailure(value: unknown, call: Call, inside: readonly Step[]): boolean {
  const [judged] = valuesOf(value);
  return inside.some((step) => {
    if (step.word === 'retry') return step.rule.judgesValues && step.rule.isFailure(judged, call);
    return step.word === 'circuitBreaker' && step.rule.isFailure?.(judged) === true;
  });
}
