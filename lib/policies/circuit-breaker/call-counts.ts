import { failureOf, type Outcome, slownessOf } from './sliding-window.js';

/** What became of the calls since the breaker was made; the numbers only grow, whatever its state does. */
export interface CircuitBreakerCounters {
  /** Values that were recorded as a success. */
  readonly success: number;
  /** Errors and values that were recorded as a failure. */
  readonly failure: number;
  /** Errors that neither counted nor reset. */
  readonly ignored: number;
  /** Calls that were refused. */
  readonly rejected: number;
  /** Recorded calls, successes or failures, that were slow. */
  readonly slow: number;
  /** Calls that ran, unrecorded, only because the mode is `'shadow'`. */
  readonly spared: number;
}

/** The counters where they are counted. */
export class CallCounts implements CircuitBreakerCounters {
  success = 0;
  failure = 0;
  ignored = 0;
  rejected = 0;
  slow = 0;
  spared = 0;

  /** Counts a recorded call. */
  add(outcome: Outcome): void {
    const failure = failureOf(outcome);
    this.failure += failure;
    this.success += 1 - failure;
    this.slow += slownessOf(outcome);
  }

  /** The numbers of this moment. */
  copy(): CircuitBreakerCounters {
    return { ...this };
  }
}
