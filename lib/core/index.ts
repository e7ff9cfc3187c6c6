export { onAbort } from './abort.js';
export { Ambient } from './ambient.js';
export type { Call, CallContext, CallIdempotency } from './call.js';
export { CallWatch } from './call-watch.js';
export type { CallObserver, CallOutcome, EndedCall } from './call-watch.js';
export { Cancellation } from './cancellation.js';
export type { CancellationOrigin } from './cancellation.js';
export { ask, ignore } from './callbacks.js';
export { OptionCheck, show } from './check.js';
export { isDependencyFailure, isRetryable } from './classification.js';
export { knowledgeOf } from './classification-table.js';
export { inThisContext, SystemClock } from './clock.js';
export type { Clock, Timer, TimerOptions } from './clock.js';
export { parseDuration } from './duration.js';
export type { Duration } from './duration.js';
export { causesOf, fieldOf, membersOf, MOST_ERRORS, statusOf, textOf } from './error-facts.js';
export { ApplicationLifetime, createEnvironment } from './environment.js';
export type { Environment, Lifetime } from './environment.js';
export { InvalidOptionsError, isResilienceError, ResilienceError } from './errors.js';
export type { InvalidOption, PolicyKind, ResilienceErrorFacts } from './errors.js';
export { EventHub } from './event-hub.js';
export type {
  AlertClearedEvent,
  AlertRaisedEvent,
  AlertSubject,
  BudgetRefusedEvent,
  BulkheadRejectedEvent,
  CircuitBreakerRejectedEvent,
  CircuitBreakerState,
  CircuitBreakerStateChangedEvent,
  ConfigurationChangedEvent,
  EventBase,
  EventSink,
  FallbackServedEvent,
  GiveUpReason,
  HedgeLaunchedEvent,
  NewEvent,
  OptionChange,
  RateLimiterRejectedEvent,
  ResilienceEvent,
  RetryGaveUpEvent,
  RetryRecoveredEvent,
  RetryScheduledEvent,
  TimeLimiterTimedOutEvent,
} from './events.js';
export { headerOf } from './headers.js';
export type {
  IdempotencyEventBase,
  IdempotencyExecutedEvent,
  IdempotencyInFlightEvent,
  IdempotencyMismatchEvent,
  IdempotencyRecording,
  IdempotencyReplayedEvent,
  IdempotencyStoreDownEvent,
  IdempotencyTakenOverEvent,
} from './idempotency-events.js';
export type { ErrorClass, ErrorMatcher, ErrorPredicate } from './matcher.js';
export { NamedRegistry } from './registry.js';
export type { RetryBudget } from './retry-budget.js';
export { GrantedPermit, Refusal, Turn } from './rule.js';
export type { Admission, Gate, Permit } from './rule.js';
export { Scope } from './scope.js';
export type { CallFacts } from './scope.js';
