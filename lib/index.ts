export {
  Bulkhead,
  BulkheadRegistry,
  Hedge,
  CallContext,
  Chaos,
  CircuitBreaker,
  CircuitBreakerRegistry,
  Fallback,
  IdempotencyService,
  Idempotent,
  PolicyOrder,
  RateLimiter,
  RateLimiterRegistry,
  ResilienceEvents,
  ResilienceExceptionFilter,
  ResilienceExplorer,
  ResilienceModule,
  ResilienceService,
  Retryable,
  RetryBudgetRegistry,
  TimeLimiter,
  toHttpException,
} from './nest/index.js';
export type {
  AsyncMethod,
  CircuitBreakerEvent,
  DescribedMethod,
  ExecuteOptions,
  MethodKind,
  PolicyDecorator,
  ResilienceFeatureOptions,
  ResilienceHttpBody,
  ResilienceHttpException,
  ResilienceModuleAsyncOptions,
  ResilienceModuleOptions,
  ResilienceOptionsFactory,
  ResilienceRootOptions,
  RetriedAttempt,
} from './nest/index.js';
export type {
  AlertClearedEvent,
  AlertRaisedEvent,
  AlertSubject,
  BudgetRefusedEvent,
  BulkheadRejectedEvent,
  CallIdempotency,
  CircuitBreakerRejectedEvent,
  CircuitBreakerState,
  CircuitBreakerStateChangedEvent,
  Clock,
  Duration,
  ErrorClass,
  ErrorMatcher,
  FallbackServedEvent,
  GiveUpReason,
  HedgeLaunchedEvent,
  IdempotencyExecutedEvent,
  IdempotencyInFlightEvent,
  IdempotencyMismatchEvent,
  IdempotencyReplayedEvent,
  IdempotencyStoreDownEvent,
  IdempotencyTakenOverEvent,
  RateLimiterRejectedEvent,
  ResilienceEvent,
  RetryGaveUpEvent,
  RetryRecoveredEvent,
  RetryScheduledEvent,
  TimeLimiterTimedOutEvent,
} from './core/index.js';
export {
  InvalidOptionsError,
  isDependencyFailure,
  isResilienceError,
  isRetryable,
  ResilienceError,
} from './core/index.js';
export type {
  Breaker,
  BreakerCallOptions,
  BreakerPermit,
  IdempotentRunOptions,
  InspectedRecord,
  PolicyOptions,
  RecordName,
  StepWord,
} from './pipeline/index.js';
export type { AlertOptions } from './policies/alerts/index.js';
export type { HedgeOptions, HedgePercentile } from './policies/hedge/index.js';
export { BulkheadFullError } from './policies/bulkhead/index.js';
export type { BulkheadOptions, BulkheadSnapshot } from './policies/bulkhead/index.js';
export type { ChaosOptions } from './policies/chaos/index.js';
export { CircuitBreakerOpenError } from './policies/circuit-breaker/index.js';
export type { CircuitBreakerOptions, CircuitBreakerSnapshot } from './policies/circuit-breaker/index.js';
export type {
  FallbackFailure,
  FallbackFilter,
  FallbackHandler,
  FallbackToken,
  LastGoodOptions,
} from './policies/fallback/index.js';
export {
  IdempotencyInFlightError,
  IdempotencyKeyInvalidError,
  IdempotencyKeyMissingError,
  IdempotencyMismatchError,
  IdempotencyReplayUnavailableError,
  IdempotencyStoreError,
  JsonCodec,
  MemoryIdempotencyStore,
  NotStorableError,
} from './policies/idempotency/index.js';
export type {
  BeginAnswer,
  BeginRequest,
  Claim,
  ClaimAnswer,
  ClaimRequest,
  CodecContext,
  CompleteOptions,
  CompleteRequest,
  ExtendRequest,
  IdempotencyOptions,
  IdempotencyScope,
  IdempotencyStore,
  IdempotencySubject,
  IdempotentDefaults,
  IdempotentOptions,
  MemoryIdempotencyStoreOptions,
  OnInFlight,
  OnStoreDown,
  Outcome,
  OutcomeCodec,
  RecordView,
  RegisteredClass,
  ReleaseAnswer,
  ReleaseRequest,
  StoreCallOptions,
  StoredOutcome,
  StorePhase,
} from './policies/idempotency/index.js';
export { RateLimitExceededError } from './policies/rate-limiter/index.js';
export type { RateLimiterOptions, RateLimiterSnapshot } from './policies/rate-limiter/index.js';
export type { RetryBudgetOptions, RetryBudgetSnapshot } from './policies/retry-budget/index.js';
export { retryInfo } from './policies/retry/index.js';
export type {
  BackoffContext,
  BackoffOptions,
  Jitter,
  RetryGaveUpContext,
  RetryInfo,
  RetryOptions,
  RetryRecoveredContext,
  RetryScheduledContext,
} from './policies/retry/index.js';
export { TimeoutExceededError } from './policies/time-limiter/index.js';
export type { TimeLimiterOptions } from './policies/time-limiter/index.js';
