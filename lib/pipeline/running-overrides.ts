import { OptionCheck } from '../core/check.js';
import type { HedgeOptions } from '../policies/hedge/index.js';
import type { RetryOptions } from '../policies/retry/index.js';
import type { TimeLimiterOptions } from '../policies/time-limiter/index.js';
import { type CompiledPolicies, Compiler } from './compile.js';
import type { Engine } from './engine.js';
import { layered } from './merge.js';
import { inOrder } from './order.js';
import type { PolicyOverrides } from './policy-options.js';
import type { PolicyOwner } from './policy-owner.js';
import type { StepWord } from './step.js';

/**
 * What may be said of one method while its application runs; `false` takes the policy away. What keeps a state, or is
 * shared, can be taken away and is otherwise changed through its registry.
 */
export interface RunningOverrides {
  /** Laid over the options of the method's retry. */
  readonly retry?: RetryOptions | false;
  /** Laid over the options of the method's time limits. */
  readonly timeLimiter?: TimeLimiterOptions | false;
  /** Laid over the options of the method's hedge. */
  readonly hedge?: HedgeOptions | false;
  /** The breaker goes on as it is, without the calls of this method. */
  readonly circuitBreaker?: false;
  /** Calls of this method take no place. */
  readonly bulkhead?: false;
  /** Calls of this method take no permit. */
  readonly rateLimiter?: false;
}

const REMADE = ['retry', 'timeLimiter', 'hedge'] as const;
const KEPT = ['circuitBreaker', 'bulkhead', 'rateLimiter'] as const;
const REMADE_WORDS: ReadonlySet<StepWord> = new Set<StepWord>([
  'retry',
  'hedge',
  'totalTimeout',
  'attemptTimeout',
]);

/** @throws {InvalidOptionsError} naming the policy that cannot be overridden, and what would be right */
export function checkRunningOverrides(operation: string, overrides: RunningOverrides): void {
  const check = new OptionCheck('overrides', operation);
  check.onlyKnown(overrides, [...REMADE, ...KEPT]);
  for (const policy of KEPT) {
    const value: unknown = overrides[policy];
    if (value === undefined || value === false) continue;
    check.refuse(policy, value, 'must be false: what has a state is changed through its registry');
  }
}

/**
 * The policies of a method under one layer after the other, the last one winning. Breakers, bulkheads, limiters,
 * fallback and guard are the very objects that stood there before.
 *
 * @throws {InvalidOptionsError} naming method, field, value and what would be right
 */
export function overridden(
  engine: Engine,
  owner: PolicyOwner,
  base: CompiledPolicies,
  layers: readonly RunningOverrides[],
): CompiledPolicies {
  const written = engine.options.overrides?.[owner.overrideKey ?? owner.operation] ?? {};
  const given = REMADE.filter((policy) => owner.policies[policy] !== undefined);
  const policies = Object.fromEntries(given.map((policy) => [policy, owner.policies[policy]]));
  const overrides = Object.fromEntries(given.map((policy) => [policy, together(policy, written, layers)]));
  const remade = new Compiler(engine, { ...owner, policies, overrides }).compile();
  const gone: ReadonlySet<string> = new Set(
    KEPT.filter((policy) => layers.some((layer) => layer[policy] === false)),
  );
  const kept = base.steps.filter(({ word }) => !REMADE_WORDS.has(word) && !gone.has(word));
  const steps = inOrder([...kept, ...remade.steps], owner.policies.order);
  const left = Object.entries(Object.getOwnPropertyDescriptors(base.options)).filter(
    ([policy]) => !gone.has(policy) && !REMADE.some((each) => each === policy),
  );
  // As properties: the options of shared objects are read when they are asked for.
  const properties = { ...Object.fromEntries(left), ...Object.getOwnPropertyDescriptors(remade.options) };
  return { steps, options: Object.defineProperties({}, properties) };
}

/** What all layers say of one policy; who takes it away makes those below it void. */
function together(
  policy: (typeof REMADE)[number],
  written: PolicyOverrides,
  layers: readonly RunningOverrides[],
): object | false | undefined {
  return [written, ...layers].reduce<object | false | undefined>((below, layer) => {
    const above = layer[policy];
    if (above === undefined || above === false) return above ?? below;
    return layered<object>(below === false ? undefined : below, above);
  }, undefined);
}
