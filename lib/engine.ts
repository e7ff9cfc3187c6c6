export {
  ApplicationLifetime,
  createEnvironment,
  EventHub,
  InvalidOptionsError,
  isDependencyFailure,
  isResilienceError,
  isRetryable,
  ResilienceError,
  SystemClock,
} from './core/index.js';
export type {
  CallContext,
  CallIdempotency,
  CircuitBreakerState,
  Clock,
  Duration,
  Environment,
  ErrorMatcher,
  EventSink,
  GiveUpReason,
  Lifetime,
  ResilienceEvent,
  Timer,
  TimerOptions,
} from './core/index.js';
export { Breaker, CANONICAL_ORDER, createPolicies } from './pipeline/index.js';
export type {
  BreakerCallOptions,
  BreakerPermit,
  CallOptions,
  EngineOptions,
  Policies,
  PoliciesOptions,
  PolicyOptions,
  StepWord,
} from './pipeline/index.js';
export { BULKHEAD_DEFAULTS, BulkheadFullError } from './policies/bulkhead/index.js';
export type { BulkheadOptions } from './policies/bulkhead/index.js';
export { CIRCUIT_BREAKER_DEFAULTS, CircuitBreakerOpenError } from './policies/circuit-breaker/index.js';
export type { CircuitBreakerOptions, CircuitBreakerSnapshot } from './policies/circuit-breaker/index.js';
export { LAST_GOOD_DEFAULTS } from './policies/fallback/index.js';
export type { FallbackFailure, FallbackFilter, FallbackHandler } from './policies/fallback/index.js';
export { HEDGE_DEFAULTS } from './policies/hedge/index.js';
export type { HedgeOptions } from './policies/hedge/index.js';
export { RATE_LIMITER_DEFAULTS, RateLimitExceededError } from './policies/rate-limiter/index.js';
export type { RateLimiterOptions } from './policies/rate-limiter/index.js';
export { RETRY_BUDGET_DEFAULTS } from './policies/retry-budget/index.js';
export type { RetryBudgetOptions } from './policies/retry-budget/index.js';
export { RETRY_DEFAULTS, retryInfo, RetrySignal } from './policies/retry/index.js';
export type { RetryInfo, RetryOptions, RetrySignalOptions } from './policies/retry/index.js';
export { TimeoutExceededError } from './policies/time-limiter/index.js';
export type { TimeLimiterOptions } from './policies/time-limiter/index.js';
