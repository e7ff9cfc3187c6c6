import { ResilienceError, type ResilienceErrorFacts } from '../../core/errors.js';

/** What is known about a rejection. */
export interface CircuitBreakerOpenFacts extends ResilienceErrorFacts {
  /** Milliseconds until a call may probe, where that is known. */
  readonly retryAfterMs?: number;
}

/** The breaker is open, forced open, or has all its probes out: the method did not run. */
export class CircuitBreakerOpenError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_CIRCUIT_BREAKER_OPEN';
  /**
   * Milliseconds until a call may probe, while it is open. Missing where nobody knows: forced open, or
   * half-open with all probes out, which may settle at any moment.
   */
  declare readonly retryAfterMs?: number;

  constructor(facts: CircuitBreakerOpenFacts) {
    const { operation, policy, retryAfterMs } = facts;
    const when =
      retryAfterMs === undefined ? '' : `; the next probe may run in ${Math.ceil(retryAfterMs)} ms`;
    super(`${operation}: circuit breaker "${policy}" lets no call through${when}`, facts);
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}
