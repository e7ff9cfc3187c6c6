import type { AlertClearedEvent, AlertRaisedEvent } from './alert-events.js';
import type { CircuitBreakerState, EventBase } from './event-base.js';
import type { IdempotencyEvent } from './idempotency-events.js';

export type { AlertClearedEvent, AlertRaisedEvent, AlertSubject } from './alert-events.js';
export type { CircuitBreakerState, EventBase } from './event-base.js';

/** Why a retry let a failure through. */
export type GiveUpReason =
  'exhausted' | 'not-retryable' | 'budget' | 'deadline' | 'retry-after' | 'aborted' | 'shutdown';

/** A retry will follow, after the delay. */
export interface RetryScheduledEvent extends EventBase {
  readonly kind: 'retry.scheduled';
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  readonly delayMs: number;
  /** What failed: the error, or the returned value that counts as a failure. */
  readonly error?: unknown;
}

/** A retry succeeded. */
export interface RetryRecoveredEvent extends EventBase {
  readonly kind: 'retry.recovered';
  readonly attempts: number;
  readonly elapsedMs: number;
}

/** A failed call is not, or no longer, retried. */
export interface RetryGaveUpEvent extends EventBase {
  readonly kind: 'retry.gave-up';
  readonly attempts: number;
  readonly reason: GiveUpReason;
  readonly elapsedMs: number;
  readonly error?: unknown;
}

/** A retry, or a hedge, found no token in its budget. */
export interface BudgetRefusedEvent extends EventBase {
  readonly kind: 'budget.refused';
  /** Name of the budget. */
  readonly budget: string;
}

/** A circuit breaker went from one state to another. */
export interface CircuitBreakerStateChangedEvent extends EventBase {
  readonly kind: 'circuit-breaker.state-changed';
  readonly from: CircuitBreakerState;
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
  readonly kind: 'circuit-breaker.rejected';
  readonly retryAfterMs?: number;
}

/** A time limit passed. */
export interface TimeLimiterTimedOutEvent extends EventBase {
  readonly kind: 'time-limiter.timed-out';
  readonly limit: 'attempt' | 'total';
  readonly timeoutMs: number;
}

/** A full bulkhead refused a call. */
export interface BulkheadRejectedEvent extends EventBase {
  readonly kind: 'bulkhead.rejected';
}

/** A rate limiter refused a call. */
export interface RateLimiterRejectedEvent extends EventBase {
  readonly kind: 'rate-limiter.rejected';
  readonly retryAfterMs: number;
}

/** A fallback answered. */
export interface FallbackServedEvent extends EventBase {
  readonly kind: 'fallback.served';
  /** Where the answer came from. */
  readonly source: 'method' | 'function' | 'value' | 'last-good' | 'provider';
  readonly error: unknown;
}

/** A second attempt was started beside a slow first one. */
export interface HedgeLaunchedEvent extends EventBase {
  readonly kind: 'hedge.launched';
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
  | AlertClearedEvent;

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
  /**
   * Tells all listeners, in order. What a listener throws is reported and changes nothing. The source tells apart
   * those that share a name, without saying who they are; it is for listeners within the package.
   */
  emit(event: NewEvent, source?: object): void;
  /** Tells of a user's callback that threw; it never reaches the caller. */
  report(what: string, error: unknown): void;
}

type Listener = (event: ResilienceEvent, source?: object) => void;
type Reporter = (what: string, error: unknown) => void;

/** The events of one application. */
export class EventHub implements EventSink {
  private listeners: readonly Listener[] = [];
  private reporters: readonly Reporter[] = [];
  /** The event that is being told, and those that happened meanwhile. */
  private readonly untold: { readonly event: ResilienceEvent; readonly source: object | undefined }[] = [];

  constructor(private readonly clock: { wallMs(): number }) {}

  get isObserved(): boolean {
    return this.listeners.length > 0;
  }

  /** Adds a listener; answers how to take it away. */
  listen(listener: Listener): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((each) => each !== listener);
    };
  }

  /** Hears of callbacks that threw; answers how to take it away. */
  onReport(reporter: Reporter): () => void {
    this.reporters = [...this.reporters, reporter];
    return () => {
      this.reporters = this.reporters.filter((each) => each !== reporter);
    };
  }

  emit(event: NewEvent, source?: object): void {
    if (this.listeners.length === 0) return;
    const complete = { ...event, timestampMs: this.clock.wallMs() } as ResilienceEvent;
    this.untold.push({ event: complete, source });
    // What a listener causes is told after what it was told of, to all: events keep the order of happening.
    if (this.untold.length > 1) return;
    for (let next = this.untold[0]; next !== undefined; next = this.untold[0]) {
      this.tellAll(next.event, next.source);
      this.untold.shift();
    }
  }

  report(what: string, error: unknown): void {
    for (const reporter of this.reporters) {
      try {
        reporter(what, error);
      } catch {
        // There is nobody left to tell, and it must not reach the call.
      }
    }
  }

  private tellAll(event: ResilienceEvent, source: object | undefined): void {
    for (const listener of this.listeners) {
      try {
        listener(event, source);
      } catch (error) {
        this.report(`a listener of ${event.kind}`, error);
      }
    }
  }
}
