import { ResilienceError, type ResilienceErrorFacts } from '../../core/errors.js';

/** When the next permit is free. */
export interface ExceededRateLimit extends ResilienceErrorFacts {
  readonly retryAfterMs: number;
}

/** No permit is free, and the wait for one would be longer than allowed; the method was not called. */
export class RateLimitExceededError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_RATE_LIMIT_EXCEEDED';
  /** Whole milliseconds until a call would get a permit without waiting. */
  readonly retryAfterMs: number;

  constructor(exceeded: ExceededRateLimit) {
    const { operation, policy, retryAfterMs } = exceeded;
    super(`${operation}: rate limiter "${policy}" has no permit for ${retryAfterMs} ms`, exceeded);
    this.retryAfterMs = retryAfterMs;
  }
}
