import { OptionCheck } from '../core/check.js';
import type { Environment } from '../core/environment.js';
import { NamedRegistry } from '../core/registry.js';
import { BulkheadRule, resolveBulkheadOptions, type BulkheadOptions } from '../policies/bulkhead/index.js';
import {
  type CircuitBreakerOptions,
  createCircuitBreaker,
  resolveCircuitBreakerOptions,
} from '../policies/circuit-breaker/index.js';
import {
  type RateLimiterOptions,
  RateLimiterRule,
  resolveRateLimiterOptions,
} from '../policies/rate-limiter/index.js';
import {
  resolveRetryBudgetOptions,
  type RetryBudgetOptions,
  RetryBudgetRule,
} from '../policies/retry-budget/index.js';
import { resolveRetryOptions, type RetryOptions } from '../policies/retry/index.js';
import { Breaker } from './breaker.js';
import { EngineIdempotency } from './engine-idempotency.js';
import { checkEngineOptions, checkFeatureOptions, checkNamedPolicies } from './engine-options-check.js';
import { layered } from './merge.js';
import type { EngineOptions, NamedPolicies } from './policy-options.js';
import { SharedFamily } from './shared-family.js';
import { SharedOptions } from './shared-options.js';

/** Everything that the policies of one application share: breakers, bulkheads, limiters, retry budgets. */
export class Engine {
  readonly breakers: SharedFamily<CircuitBreakerOptions, Breaker>;
  readonly bulkheads: SharedFamily<BulkheadOptions, BulkheadRule>;
  readonly rateLimiters: SharedFamily<RateLimiterOptions, RateLimiterRule>;
  readonly budgets = new NamedRegistry<RetryBudgetRule>('retry budget');
  readonly idempotency: EngineIdempotency;
  private readonly retries = new Map<string, SharedOptions<RetryOptions>>();

  /** @throws {InvalidOptionsError} naming the path of the option that cannot be meant */
  constructor(
    readonly options: EngineOptions,
    readonly environment: Environment,
  ) {
    checkEngineOptions(options);
    this.breakers = breakers(options, environment);
    this.bulkheads = bulkheads(options, environment);
    this.rateLimiters = rateLimiters(options, environment);
    this.idempotency = new EngineIdempotency(options.idempotency, environment);
    this.addBudget('default', 'retryBudget', options.retryBudget ?? {});
    this.add(options);
  }

  /**
   * Adds named policies, of the application itself or of one of its modules.
   *
   * @throws {InvalidOptionsError} naming the path of the option that cannot be meant, or the two places that differ
   */
  add(named: NamedPolicies, place = ''): void {
    if (place !== '') checkFeatureOptions(named, place);
    checkNamedPolicies(named, place);
    for (const [name, options] of Object.entries(named.retries ?? {})) this.addRetry(name, place, options);
    for (const [name, options] of Object.entries(named.retryBudgets ?? {})) {
      this.addBudget(name, `${place}retryBudgets.${name}`, options);
    }
    this.breakers.addNamed(named.circuitBreakers, place);
    this.bulkheads.addNamed(named.bulkheads, place);
    this.rateLimiters.addNamed(named.rateLimiters, place);
  }

  /** @throws {InvalidOptionsError} where a budget of this name exists, or an option cannot be meant */
  addBudget(name: string, place: string, given: RetryBudgetOptions): void {
    const check = new OptionCheck('retryBudget', place);
    if (this.budgets.find(name) !== undefined) check.refuse('name', name, 'is given to two retry budgets');
    const options = resolveRetryBudgetOptions(place, given);
    this.budgets.add(name, new RetryBudgetRule(name, options, this.environment.clock));
  }

  /** The named configuration of a retry, which each method copies. */
  retryNamed(name: string): RetryOptions | undefined {
    return this.retries.get(name)?.together;
  }

  /** The names of the retries that are configured. */
  get retryNames(): readonly string[] {
    return [...this.retries.keys()];
  }

  /** Makes all that is named, so that the registries know them and a wrong option is found. */
  obtainNamed(): void {
    this.breakers.obtainNamed();
    this.bulkheads.obtainNamed();
    this.rateLimiters.obtainNamed();
  }

  private addRetry(name: string, place: string, options: RetryOptions): void {
    const path = `${place}retries.${name}`;
    resolveRetryOptions(path, layered(this.options.defaults?.retry, options));
    const known = this.retries.get(name) ?? new SharedOptions<RetryOptions>('retry', name);
    known.add(path, options);
    this.retries.set(name, known);
  }
}

function breakers(options: EngineOptions, environment: Environment): Engine['breakers'] {
  return new SharedFamily<CircuitBreakerOptions, Breaker>({
    noun: 'circuit breaker',
    policy: 'circuitBreaker',
    path: 'circuitBreakers',
    defaults: options.defaults?.circuitBreaker,
    make: (name, place, given) => {
      const resolved = resolveCircuitBreakerOptions(place, given);
      const gate = createCircuitBreaker({ name, options: resolved, environment });
      const forced = options.forcedBreakers?.[name];
      if (forced === 'forced-open') gate.forceOpen();
      if (forced === 'disabled') gate.disable();
      return new Breaker(gate, environment);
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
    make: (name, place, given) =>
      new RateLimiterRule({ name, options: resolveRateLimiterOptions(place, given), environment }),
    change: (rule, place, given) => rule.reconfigure(resolveRateLimiterOptions(place, given)),
  });
}
