import { ResilienceError, type ResilienceErrorFacts } from '../../core/errors.js';

/** What a time limit bounds: one attempt, or the call with all its attempts and delays. */
export type TimeLimitKind = 'attempt' | 'total';

/** Which limit passed. */
export interface ExceededTimeout extends ResilienceErrorFacts {
  readonly limit: TimeLimitKind;
  readonly timeoutMs: number;
}

/** A time limit passed before the method settled; the method may still be running. */
export class TimeoutExceededError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_TIMEOUT_EXCEEDED';
  /** Whether one attempt or the whole call took too long. */
  readonly limit: TimeLimitKind;
  /** The limit in milliseconds. */
  readonly timeoutMs: number;

  constructor(exceeded: ExceededTimeout) {
    const subject = exceeded.limit === 'attempt' ? 'the attempt' : 'the call with all its attempts';
    super(`${exceeded.operation}: ${subject} took longer than ${exceeded.timeoutMs} ms`, exceeded);
    this.limit = exceeded.limit;
    this.timeoutMs = exceeded.timeoutMs;
  }
}
