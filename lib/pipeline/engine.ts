import { OptionCheck } from '../core/check.js';
import type { Environment } from '../core/environment.js';
import { NamedRegistry } from '../core/registry.js';
import { BulkheadRule, resolveBulkheadOptions, type BulkheadOptions } from '../policies/bulkhead/index.js';
import {
  type CircuitBreakerOptions,
  createCircuitBreaker,
  resolveCircuitBreakerOptions,
} from '../policies/circuit-breaker/index.js';
import { type RateLimiterOptions, RateLimiterRule, resolveRateLimiterOptions } from '../policies/rate-limiter/index.js';
import { resolveRetryBudgetOptions, type RetryBudgetOptions, RetryBudgetRule } from '../policies/retry-budget/index.js';
import { resolveRetryOptions } from '../policies/retry/index.js';
import { resolveTimeLimiterOptions } from '../policies/time-limiter/index.js';
import { Breaker } from './breaker.js';
import type { EngineOptions } from './policy-options.js';
import { SharedFamily } from './shared-family.js';

/** Everything that the policies of one application share: breakers, bulkheads, limiters, retry budgets. */
export class Engine {
  readonly breakers: SharedFamily<CircuitBreakerOptions, Breaker>;
  readonly bulkheads: SharedFamily<BulkheadOptions, BulkheadRule>;
  readonly rateLimiters: SharedFamily<RateLimiterOptions, RateLimiterRule>;
  readonly budgets = new NamedRegistry<RetryBudgetRule>('retry budget');

  /** @throws {InvalidOptionsError} naming the path of the option that cannot be meant */
  constructor(
    readonly options: EngineOptions,
    readonly environment: Environment,
  ) {
    checkUnshared(options);
    this.breakers = breakers(options, environment);
    this.bulkheads = bulkheads(options, environment);
    this.rateLimiters = rateLimiters(options, environment);
    this.addBudget('default', 'retryBudget', options.retryBudget ?? {});
    for (const [name, budget] of Object.entries(options.retryBudgets ?? {})) {
      this.addBudget(name, `retryBudgets.${name}`, budget);
    }
    this.breakers.obtainNamed();
    this.bulkheads.obtainNamed();
  }

  /** @throws {InvalidOptionsError} where a budget of this name exists, or an option cannot be meant */
  addBudget(name: string, place: string, given: RetryBudgetOptions): void {
    const check = new OptionCheck('retryBudget', place);
    if (this.budgets.find(name) !== undefined) check.refuse('name', name, 'is given to two retry budgets');
    const options = resolveRetryBudgetOptions(place, given);
    this.budgets.add(name, new RetryBudgetRule(name, options, this.environment.clock));
  }
}

/** What is copied by each method is checked once where it was written. */
function checkUnshared({ defaults, retries }: EngineOptions): void {
  if (defaults?.retry !== undefined) resolveRetryOptions('defaults.retry', defaults.retry);
  if (defaults?.timeLimiter !== undefined) resolveTimeLimiterOptions('defaults.timeLimiter', defaults.timeLimiter);
  if (defaults?.circuitBreaker !== undefined) {
    resolveCircuitBreakerOptions('defaults.circuitBreaker', defaults.circuitBreaker);
  }
  if (defaults?.bulkhead !== undefined) resolveBulkheadOptions('defaults.bulkhead', defaults.bulkhead);
  for (const [name, retry] of Object.entries(retries ?? {})) {
    resolveRetryOptions(`retries.${name}`, { ...defaults?.retry, ...retry });
  }
}

function breakers(options: EngineOptions, environment: Environment): Engine['breakers'] {
  return new SharedFamily<CircuitBreakerOptions, Breaker>({
    noun: 'circuit breaker',
    policy: 'circuitBreaker',
    path: 'circuitBreakers',
    defaults: options.defaults?.circuitBreaker,
    named: options.circuitBreakers,
    make: (name, place, given) => {
      const resolved = resolveCircuitBreakerOptions(place, given);
      return new Breaker(createCircuitBreaker({ name, options: resolved, environment }), environment);
    },
    change: ({ gate }, place, given) => gate.reconfigure(resolveCircuitBreakerOptions(place, given)),
  });
}

function bulkheads(options: EngineOptions, environment: Environment): Engine['bulkheads'] {
  return new SharedFamily<BulkheadOptions, BulkheadRule>({
    noun: 'bulkhead',
    policy: 'bulkhead',
    path: 'bulkheads',
    defaults: options.defaults?.bulkhead,
    named: options.bulkheads,
    make: (name, place, given) =>
      new BulkheadRule({ name, options: resolveBulkheadOptions(place, given), environment }),
    change: (rule, place, given) => rule.reconfigure(resolveBulkheadOptions(place, given)),
  });
}

function rateLimiters(options: EngineOptions, environment: Environment): Engine['rateLimiters'] {
  return new SharedFamily<RateLimiterOptions, RateLimiterRule>({
    noun: 'rate limiter',
    policy: 'rateLimiter',
    path: 'rateLimiters',
    defaults: options.defaults?.rateLimiter,
    named: options.rateLimiters,
    make: (name, place, given) =>
      new RateLimiterRule({ name, options: resolveRateLimiterOptions(place, given), environment }),
    change: (rule, place, given) => rule.reconfigure(resolveRateLimiterOptions(place, given)),
  });
}
