import { Injectable } from '@nestjs/common';
import { CircuitBreaker, Retryable } from 'nestjs-selfheal';
import { AT_ONCE } from '../../support/nest-applications.js';
import { httpError } from '../../support/retry-world.js';

/** How long the breaker of the refused handler stays open. */
export const OPEN_MS = 1_500;

/** What every transport's answer tells of an open breaker. */
export const REFUSED = { code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN', retryAfterMs: OPEN_MS };

/** Fails twice, then works: what a retried handler calls. */
@Injectable()
export class Flaky {
  runs = 0;

  work<T>(answer: T): T {
    this.runs += 1;
    if (this.runs < 3) throw httpError(503);
    return answer;
  }
}

/** The decorators of a retried handler. */
export const Retried = () => Retryable(AT_ONCE);

/** Those of a handler that one failure closes the door of, for 1.5 s on a clock that stands still. */
export const Guarded = () =>
  CircuitBreaker({ failureThreshold: 1, failureRateThreshold: false, waitDurationInOpenState: OPEN_MS });
