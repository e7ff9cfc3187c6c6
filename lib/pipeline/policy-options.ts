import type { Duration } from '../core/duration.js';
import type { BulkheadOptions } from '../policies/bulkhead/index.js';
import type { CircuitBreakerOptions } from '../policies/circuit-breaker/index.js';
import type { FallbackFilter, FallbackHandler } from '../policies/fallback/index.js';
import type { HedgeOptions, HedgePercentile } from '../policies/hedge/index.js';
import type { IdempotencyOptions, IdempotentOptions } from '../policies/idempotency/index.js';
import type { RateLimiterOptions } from '../policies/rate-limiter/index.js';
import type { RetryBudgetOptions } from '../policies/retry-budget/index.js';
import type { RetryOptions } from '../policies/retry/index.js';
import type { TimeLimiterOptions } from '../policies/time-limiter/index.js';
import type { StepWord } from './step.js';

/** A fallback and the failures it is for. */
export interface FallbackRequest {
  readonly handler: FallbackHandler;
  readonly filter?: FallbackFilter | undefined;
}

/** The policies of one method or block of code; what is not named does not take part. */
export interface PolicyOptions {
  /** Options, or the name of a retry that the module has configured. */
  readonly retry?: RetryOptions | string | undefined;
  /** Options, or the name of a shared breaker. */
  readonly circuitBreaker?: CircuitBreakerOptions | string | undefined;
  /** Options, or the limit of one attempt. */
  readonly timeLimiter?: TimeLimiterOptions | Duration | undefined;
  /** Options, the name of a shared bulkhead, or the number of concurrent calls. */
  readonly bulkhead?: BulkheadOptions | string | number | undefined;
  /** Options, or the name of a shared rate limiter. */
  readonly rateLimiter?: RateLimiterOptions | string | undefined;
  /** Options, or the delay. */
  readonly hedge?: HedgeOptions | Duration | HedgePercentile | undefined;
  /** Who answers in the place of a failure. */
  readonly fallback?: FallbackRequest | undefined;
  /** Another order than the canonical one; names each step exactly once. */
  readonly order?: readonly StepWord[] | undefined;
}

/** The policies of a decorated method. */
export interface MethodPolicyOptions extends PolicyOptions {
  /** A block of code has neither arguments nor a name that stays; for it there is `IdempotencyService`. */
  readonly idempotent?: IdempotentOptions | undefined;
}

/** What a module says about one method; `false` takes the policy away. */
export interface PolicyOverrides {
  readonly retry?: RetryOptions | false;
  readonly circuitBreaker?: CircuitBreakerOptions | false;
  readonly timeLimiter?: TimeLimiterOptions | false;
  readonly bulkhead?: BulkheadOptions | false;
  readonly rateLimiter?: RateLimiterOptions | false;
  readonly hedge?: HedgeOptions | false;
  /** Cannot be taken away: a guarded method is never silently unguarded. */
  readonly idempotent?: IdempotentOptions;
}

/** Options that hold for all methods of an application unless something stronger says otherwise. */
export interface PolicyDefaults {
  readonly retry?: RetryOptions;
  readonly circuitBreaker?: CircuitBreakerOptions;
  readonly timeLimiter?: TimeLimiterOptions;
  readonly bulkhead?: BulkheadOptions;
  readonly rateLimiter?: Partial<RateLimiterOptions>;
  readonly hedge?: HedgeOptions;
}

/** Named configurations: a retry's is copied by whoever names it, the others belong to one shared object each. */
export interface NamedPolicies {
  readonly retries?: Readonly<Record<string, RetryOptions>>;
  readonly circuitBreakers?: Readonly<Record<string, CircuitBreakerOptions>>;
  readonly bulkheads?: Readonly<Record<string, BulkheadOptions>>;
  readonly rateLimiters?: Readonly<Record<string, Partial<RateLimiterOptions>>>;
  /** Retry budgets beside the one that is called `default`. */
  readonly retryBudgets?: Readonly<Record<string, RetryBudgetOptions>>;
}

/** Everything that an application says about its policies. */
export interface EngineOptions extends NamedPolicies {
  /**
   * The kill switch: `false` calls the bare methods; fallbacks and idempotency stay.
   *
   * @defaultValue true
   */
  readonly enabled?: boolean;
  /**
   * Whether a name that only a module could configure has the library's defaults instead of stopping the call.
   *
   * @defaultValue false
   */
  readonly isLenient?: boolean;
  /** Breakers that begin in a state set by hand, by name; for tests. */
  readonly forcedBreakers?: Readonly<Record<string, 'forced-open' | 'disabled'>>;
  /** Options that hold for all methods unless something stronger says otherwise. */
  readonly defaults?: PolicyDefaults;
  /** The store of idempotency, what belongs to it, and the defaults of all guarded methods. */
  readonly idempotency?: IdempotencyOptions;
  /** The retry budget called `default`, shared by everything that names no other. */
  readonly retryBudget?: RetryBudgetOptions;
  /** By operation, `Class.method`. */
  readonly overrides?: Readonly<Record<string, PolicyOverrides>>;
}
