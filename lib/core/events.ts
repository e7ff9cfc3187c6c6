import type { AlertClearedEvent, AlertRaisedEvent } from './alert-events.js';
import type { ConfigurationChangedEvent } from './configuration-events.js';
import type { CircuitBreakerState, EventBase } from './event-base.js';
import type { IdempotencyEvent } from './idempotency-events.js';

export type { AlertClearedEvent, AlertRaisedEvent, AlertSubject } from './alert-events.js';
export type { ConfigurationChangedEvent, OptionChange } from './configuration-events.js';
export type { CircuitBreakerState, EventBase } from './event-base.js';

/** Why a retry let a failure through. */
export type GiveUpReason =
  'exhausted' | 'not-retryable' | 'budget' | 'deadline' | 'retry-after' | 'aborted' | 'shutdown';

/** A retry will follow, after the delay. */
export interface RetryScheduledEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'retry.scheduled';
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** How long it waits. */
  readonly delayMs: number;
  /** What failed: the error, or the returned value that counts as a failure. */
  readonly error?: unknown;
}

/** A retry succeeded. */
export interface RetryRecoveredEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'retry.recovered';
  /** Executions of the call, the first included. */
  readonly attempts: number;
  /** Milliseconds since the first execution began. */
  readonly elapsedMs: number;
}

/** A failed call is not, or no longer, retried. */
export interface RetryGaveUpEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'retry.gave-up';
  /** Executions of the call, the first included. */
  readonly attempts: number;
  /** Why there is no further attempt. */
  readonly reason: GiveUpReason;
  /** Milliseconds since the first execution began. */
  readonly elapsedMs: number;
  /** What the call failed with. */
  readonly error?: unknown;
}

/** A retry, or a hedge, found no token in its budget. */
export interface BudgetRefusedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'budget.refused';
  /** Name of the budget. */
  readonly budget: string;
}

/** A circuit breaker went from one state to another. */
export interface CircuitBreakerStateChangedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'circuit-breaker.state-changed';
  /** The state before. */
  readonly from: CircuitBreakerState;
  /** The state from now on. */
  readonly to: CircuitBreakerState;
  /** Failures by recorded calls in the window at that moment, 0..1. */
  readonly failureRate: number;
  /** How long it stays open before it probes, where it opened. */
  readonly waitMs?: number;
  /** Whether it is one of many, told apart by key; the key itself is never told. */
  readonly keyed: boolean;
}

/** An open circuit breaker refused a call. */
export interface CircuitBreakerRejectedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'circuit-breaker.rejected';
  /** After how many milliseconds a call may pass. */
  readonly retryAfterMs?: number;
}

/** A time limit passed. */
export interface TimeLimiterTimedOutEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'time-limiter.timed-out';
  /** Which of the two limits. */
  readonly limit: 'attempt' | 'total';
  /** The limit in milliseconds. */
  readonly timeoutMs: number;
}

/** A full bulkhead refused a call. */
export interface BulkheadRejectedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'bulkhead.rejected';
}

/** A rate limiter refused a call. */
export interface RateLimiterRejectedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'rate-limiter.rejected';
  /** After how many milliseconds a call may pass. */
  readonly retryAfterMs: number;
}

/** A fallback answered. */
export interface FallbackServedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'fallback.served';
  /** Where the answer came from. */
  readonly source: 'method' | 'function' | 'value' | 'last-good' | 'provider';
  /** What the call failed with. */
  readonly error: unknown;
}

/** A second attempt was started beside a slow first one. */
export interface HedgeLaunchedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'hedge.launched';
  /** Which of the attempts side by side, from 2. */
  readonly attempt: number;
}

/** Everything that this package tells while it runs; `kind` tells them apart. */
export type ResilienceEvent =
  | RetryScheduledEvent
  | RetryRecoveredEvent
  | RetryGaveUpEvent
  | BudgetRefusedEvent
  | CircuitBreakerStateChangedEvent
  | CircuitBreakerRejectedEvent
  | TimeLimiterTimedOutEvent
  | BulkheadRejectedEvent
  | RateLimiterRejectedEvent
  | FallbackServedEvent
  | HedgeLaunchedEvent
  | IdempotencyEvent
  | AlertRaisedEvent
  | AlertClearedEvent
  | ConfigurationChangedEvent;

/** An event without its time, which the hub adds. */
export type NewEvent = ResilienceEvent extends infer E
  ? E extends ResilienceEvent
    ? Omit<E, 'timestampMs'>
    : never
  : never;

/** Where rules put their events. */
export interface EventSink {
  /** Whether anybody listens; where nobody does, no event object is worth making. */
  readonly isObserved: boolean;
  /** Whether anybody wants events of this kind: for those of which there may be one with every call. */
  isAwaited(kind: ResilienceEvent['kind']): boolean;
  /**
   * Tells all listeners, in order. What a listener throws is reported and changes nothing. The source tells apart
   * those that share a name, without saying who they are; it is for listeners within the package.
   */
  emit(event: NewEvent, source?: object): void;
  /** Tells of a user's callback that threw; it never reaches the caller. */
  report(what: string, error: unknown): void;
}
