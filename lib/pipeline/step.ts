import type { Gate } from '../core/rule.js';
import type { FallbackRule } from '../policies/fallback/index.js';
import type { HedgeRule } from '../policies/hedge/index.js';
import type { RetryRule } from '../policies/retry/index.js';
import type { TimeLimit } from '../policies/time-limiter/index.js';
import type { IdempotentMethod } from './idempotent-layer.js';

/** The gates: rules that let a call through or not. */
export type GateWord = 'circuitBreaker' | 'rateLimiter' | 'bulkhead';
/** The two halves of a time limiter. */
export type LimitWord = 'totalTimeout' | 'attemptTimeout';

/** One rule at its place in a pipeline. */
export type Step =
  | { readonly word: 'fallback'; readonly rule: FallbackRule }
  | RetryStep
  | { readonly word: 'hedge'; readonly rule: HedgeRule }
  | { readonly word: 'idempotent'; readonly rule: IdempotentMethod }
  | LimitStep
  | GateStep;

/** A retry at its place. */
export interface RetryStep {
  readonly word: 'retry';
  readonly rule: RetryRule;
}

/** A time limit at its place. */
export interface LimitStep {
  readonly word: LimitWord;
  readonly rule: TimeLimit;
}

/** A gate at its place. */
export interface GateStep {
  readonly word: GateWord;
  readonly rule: Gate;
}

/** Whether a step is one of the two time limits. */
export function isLimit(step: Step): step is LimitStep {
  return step.word === 'totalTimeout' || step.word === 'attemptTimeout';
}

/** Whether a step is a retry that tells of every attempt, the first included. */
export function isTelling(step: Step): step is RetryStep {
  return step.word === 'retry' && step.rule.tellsAttempts;
}

/** Whether a step is a gate. */
export function isGate(step: Step): step is GateStep {
  return step.word === 'circuitBreaker' || step.word === 'rateLimiter' || step.word === 'bulkhead';
}

/** The words in which an order of policies is stated. */
export type StepWord = Step['word'];
