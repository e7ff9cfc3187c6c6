import type { Call } from '../../core/call.js';
import { ask, ignore } from '../../core/callbacks.js';
import { type Verdict, classify } from '../../core/classification.js';
import { parseDuration } from '../../core/duration.js';
import type { Environment } from '../../core/environment.js';
import type { GiveUpReason } from '../../core/events.js';
import { isReplayed } from '../../core/replayed.js';
import { type OwnDelay, delayAfter } from './backoff.js';
import { endsRetrying } from './final-error.js';
import type { RetryFailure } from './retry-hooks.js';
import { requestedDelayMs } from './retry-after.js';
import { askedBy } from './retry-signal.js';
import type { ResolvedRetryOptions } from './retry.options.js';
import { tellsOfUnsafeRequest } from './unsafe-request.js';

/** A failed attempt of a call that is neither cancelled nor in an application that is closing. */
export interface FailedAttempt {
  readonly failure: RetryFailure;
  /** The error that asks for another attempt itself, whatever the options say; `undefined` for all others. */
  readonly signal: unknown;
  /** Number of the attempt, from 1. */
  readonly number: number;
  readonly call: Call;
  readonly elapsedMs: number;
  /** The delay that was computed before this attempt; `undefined` before the first. */
  readonly previousDelayMs: number | undefined;
}

/** What a retry would wait for. */
export interface Wait {
  readonly ownDelayMs: number;
  /** The wait itself: the own delay, or longer where the other side asked for it. */
  readonly waitMs: number;
}

/** Decides whether a failed attempt may be followed by another, and when: steps 2 to 4 of the decision. */
export class RetryPlan {
  constructor(
    private readonly options: ResolvedRetryOptions,
    private readonly environment: Environment,
  ) {}

  /** The wait before the next attempt, or the reason why there is none. */
  after(failed: FailedAttempt): Wait | GiveUpReason {
    const { number, signal } = failed;
    const { options } = this;
    if (endsRetrying(signal)) return 'not-retryable';
    const verdict: Verdict =
      signal === undefined ? this.verdictOn(failed) : { retryable: true, decidedBy: askedBy(signal) };
    if (!verdict.retryable) return 'not-retryable';
    if (number >= options.maxAttempts) return 'exhausted';
    const requestedMs = options.respectRetryAfter ? this.requestedMs(verdict) : undefined;
    if (requestedMs !== undefined && requestedMs > options.maxRetryAfterMs) return 'retry-after';
    const { delayMs, randomMs } = this.ownDelay(failed);
    const askedMs = requestedMs === undefined ? 0 : requestedMs + randomMs;
    return { ownDelayMs: delayMs, waitMs: Math.max(delayMs, askedMs) };
  }

  /** Whether a returned value counts as a failure. */
  isFailure(value: unknown, call: Call): boolean {
    const { retryOnResult } = this.options;
    if (retryOnResult === undefined) return false;
    return ask(this.environment.events, 'retryOnResult', () => retryOnResult(value, call));
  }

  private requestedMs({ decidedBy }: Verdict): number | undefined {
    return requestedDelayMs(decidedBy, this.environment.clock.wallMs());
  }

  private verdictOn(failed: FailedAttempt): Verdict {
    const { failure } = failed;
    const verdict: Verdict =
      'value' in failure ? { retryable: true, decidedBy: failure.value } : classify(failure.error);
    // Decided by an earlier call, or by whoever prepared the attempt, whatever `retryOn` says of its class.
    const isFinal = isReplayed(failure.error) || endsRetrying(failure.error);
    const retryable = !isFinal && this.isRetryable(failed, verdict);
    return retryable === verdict.retryable ? verdict : { retryable, decidedBy: verdict.decidedBy };
  }

  private isRetryable({ failure, call }: FailedAttempt, verdict: Verdict): boolean {
    if (!('value' in failure) && !this.isWorthIt(failure.error, call, verdict)) return false;
    if (this.options.retryUnsafe) return true;
    return !call.isUnsafe && !tellsOfUnsafeRequest('value' in failure ? failure.value : failure.error);
  }

  private isWorthIt(error: unknown, call: Call, { retryable }: Verdict): boolean {
    const { abortOn, retryOn } = this.options;
    const { events } = this.environment;
    if (abortOn !== undefined && ask(events, 'abortOn', () => abortOn(error, call))) return false;
    return retryOn === undefined ? retryable : ask(events, 'retryOn', () => retryOn(error, call));
  }

  private ownDelay(failed: FailedAttempt): OwnDelay {
    const answeredMs = this.answeredMs(failed);
    if (answeredMs !== undefined) return { delayMs: answeredMs, randomMs: 0 };
    const { number: attempt, previousDelayMs } = failed;
    const random = (): number => this.environment.clock.random();
    return delayAfter(this.options.backoff, { attempt, previousDelayMs, random });
  }

  /** The answer of a backoff function; `undefined` where there is none or its answer is no duration. */
  private answeredMs(failed: FailedAttempt): number | undefined {
    const { type } = this.options.backoff;
    if (typeof type !== 'function') return undefined;
    const { failure, number: attempt, call, elapsedMs, previousDelayMs } = failed;
    const { events } = this.environment;
    const { operation } = call;
    try {
      const answer = type({ ...failure, operation, attempt, elapsedMs, previousDelayMs, call });
      const delayMs = parseDuration(answer);
      if (delayMs === undefined) this.reportAnswer(answer);
      return delayMs;
    } catch (error) {
      events.report('backoff.type', error);
      return undefined;
    }
  }

  private reportAnswer(answer: unknown): void {
    const { events } = this.environment;
    ignore(answer, events, 'backoff.type');
    events.report('backoff.type', new TypeError('the backoff function answered no duration of at least 0'));
  }
}
