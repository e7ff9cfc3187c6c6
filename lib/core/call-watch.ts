import { isLocalRefusal } from './classification-table.js';
import type { Clock } from './clock.js';
import { isResilienceError } from './errors.js';
import type { EventSink } from './events.js';

/**
 * What became of a call. `rejected`: a policy of its own refused it (open breaker, full bulkhead, rate limit,
 * idempotency), so that this is what the caller got; `fallback`: a fallback answered.
 */
export type CallOutcome = 'success' | 'failure' | 'rejected' | 'fallback';

/** A call that has ended. */
export interface EndedCall {
  /** `Class.method`, or the name given to `execute`. */
  readonly operation: string;
  /** What its caller got. */
  readonly outcome: CallOutcome;
  /** Milliseconds from its beginning to its end, attempts, delays and waits included. */
  readonly durationMs: number;
}

/** Hears of a call that has ended, before its caller does. */
export type CallObserver = (call: EndedCall) => void;

/** A call while it runs. */
export interface WatchedCall {
  readonly operation: string;
  /** When it began, monotonic. */
  readonly startedMs: number;
  /** Whether its value is that of a fallback. */
  readonly isAnswered?: boolean;
}

/**
 * Tells whoever wants to know of every call that has ended, once. A stream that was left before its first value
 * has no outcome, and nobody is told of it. Costs one look per call while nobody listens.
 */
export class CallWatch {
  /** Whether anybody listens. */
  isWatched = false;
  private observers: readonly CallObserver[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly events: Pick<EventSink, 'report'>,
  ) {}

  /** Adds an observer; answers how to take it away. What it throws is reported and changes nothing. */
  watch(observer: CallObserver): () => void {
    const added: CallObserver = (call) => observer(call);
    this.set([...this.observers, added]);
    return () => this.set(this.observers.filter((each) => each !== added));
  }

  /** When a call begins that is to be measured, if it is. */
  beginsMs(): number {
    return this.isWatched ? this.clock.nowMs() : this.clock.coarseMs();
  }

  /** A call has ended with a value. */
  succeeded(call: WatchedCall): void {
    if (this.isWatched) this.tell(call, call.isAnswered === true ? 'fallback' : 'success');
  }

  /** A call has ended with an error. */
  failed(call: WatchedCall, error: unknown): void {
    if (this.isWatched) this.tell(call, isOwnRefusal(error, call.operation) ? 'rejected' : 'failure');
  }

  /** The promise of a call, which tells of its end before anybody else hears of it. */
  follow<T>(call: WatchedCall, promise: Promise<T>): Promise<T> {
    if (!this.isWatched) return promise;
    return promise.then(
      (value) => {
        this.succeeded(call);
        return value;
      },
      (error: unknown) => {
        this.failed(call, error);
        throw error;
      },
    );
  }

  private set(observers: readonly CallObserver[]): void {
    this.observers = observers;
    this.isWatched = observers.length > 0;
  }

  private tell({ operation, startedMs }: WatchedCall, outcome: CallOutcome): void {
    const ended = { operation, outcome, durationMs: this.clock.nowMs() - startedMs };
    for (const observer of this.observers) {
      try {
        observer(ended);
      } catch (error) {
        this.events.report(`an observer of calls of ${operation}`, error);
      }
    }
  }
}

/** A refusal that a call inside this one was given is, for this one, a failure like any other. */
function isOwnRefusal(error: unknown, operation: string): boolean {
  if (!isResilienceError(error) || error.operation !== operation) return false;
  return error.code === 'RESILIENCE_CIRCUIT_BREAKER_OPEN' || isLocalRefusal(error);
}
