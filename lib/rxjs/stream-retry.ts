import { catchError, defer, EMPTY, Observable, of, repeat, takeWhile, tap, throwError } from 'rxjs';
import type { Environment } from '../core/environment.js';
import type { Scope } from '../core/scope.js';
import { type CallRecord, type PauseEnd, startPause } from '../pipeline/index.js';
import { callersError, type RetryDecision, type RetryRule, type RetryRun } from '../policies/retry/index.js';
import { runInScope, type StreamNext } from './stream-layers.js';
import { untilOver } from './until-over.js';

/**
 * Subscribes again to what stands inside, as long as the rule says so and no value was delivered. Where something
 * around it may have had to wait, its time begins now, and the clock is looked at.
 */
export function retryStream(
  rule: RetryRule,
  environment: Environment,
  next: StreamNext,
  mayHaveWaited: boolean,
): StreamNext {
  return (scope, record) =>
    defer(() => {
      const beganMs = mayHaveWaited ? record.beganMs(environment.clock.nowMs()) : record.startedMs;
      const run = rule.begin(scope, beganMs);
      return new RetriedStream({ scope, record, next, environment, run }).values();
    });
}

interface RetriedStreamParts {
  readonly scope: Scope;
  readonly record: CallRecord;
  readonly next: StreamNext;
  readonly environment: Environment;
  readonly run: RetryRun;
}

/** A wait before another attempt, and what the subscriber gets should the application close before its end. */
interface Pause {
  readonly delayMs: number;
  readonly rest: Observable<unknown>;
}

/** One subscription to a retried stream. */
class RetriedStream {
  private pause: Pause | undefined;
  private rest: Observable<unknown> | undefined;

  constructor(private readonly parts: RetriedStreamParts) {}

  /** The first attempt, and after each pause another one. */
  values(): Observable<unknown> {
    return defer(() => this.rest ?? this.attempt()).pipe(repeat({ delay: () => this.waitOrEnd() }));
  }

  /** Either delivers values, or ends empty with a pause to follow. */
  private attempt(): Observable<unknown> {
    const { scope, record, run } = this.parts;
    record.beginAttempt(run.attempt);
    const attempt = scope.inner(run.attempt);
    // Whoever called the method before has told of it.
    if (!record.isBegun) run.begins(attempt);
    let hasValue = false;
    return this.source(attempt).pipe(
      takeWhile((value) => hasValue || !this.isToRepeat(value, attempt)),
      tap({
        next: () => {
          hasValue = true;
        },
        complete: () => this.completed(attempt, hasValue),
        unsubscribe: () => {
          if (hasValue) run.succeeded(attempt);
        },
      }),
      catchError((error: unknown) => this.failed(error, attempt, hasValue)),
    );
  }

  /** What stands inside, for one attempt; a time limit around the retrying ends it, and the rule hears of that. */
  private source(attempt: Scope): Observable<unknown> {
    const { scope, record, next } = this.parts;
    return new Observable((subscriber) => {
      if (!scope.isLimited) return runInScope(attempt, subscriber, next(attempt, record));
      let isOver = false;
      const stopWatching = scope.cancellation.onCancel((reason, origin) => {
        if (origin !== 'limit') return;
        isOver = true;
        attempt.cancellation.cancel(reason, origin);
        subscriber.error(reason);
      });
      subscriber.add(stopWatching);
      if (!subscriber.closed)
        runInScope(attempt, subscriber, next(attempt, record).pipe(untilOver(() => isOver)));
      return undefined;
    });
  }

  private isToRepeat(value: unknown, attempt: Scope): boolean {
    return this.isFollowed(this.parts.run.judgeValue(value, attempt), of(value));
  }

  private completed(attempt: Scope, hasValue: boolean): void {
    const { run } = this.parts;
    if (this.pause !== undefined) return;
    const decision = hasValue ? undefined : run.judgeValue(undefined, attempt);
    if (!this.isFollowed(decision, EMPTY)) run.succeeded(attempt);
  }

  private failed(error: unknown, attempt: Scope, hasValue: boolean): Observable<unknown> {
    const { run } = this.parts;
    const decision = hasValue ? run.decideLateError(error, attempt) : run.decideError(error, attempt);
    const rest = throwError(() => callersError(error));
    return this.isFollowed(decision, rest) ? EMPTY : rest;
  }

  private isFollowed(decision: RetryDecision | undefined, rest: Observable<unknown>): boolean {
    if (decision?.kind !== 'again') return false;
    this.pause = { delayMs: decision.delayMs, rest };
    return true;
  }

  /** Emits when another attempt is to begin; completes at once where none follows. */
  private waitOrEnd(): Observable<void> {
    const { pause } = this;
    this.pause = undefined;
    return pause === undefined ? EMPTY : this.wait(pause);
  }

  private wait({ delayMs, rest }: Pause): Observable<void> {
    const { scope, environment, run } = this.parts;
    return new Observable((subscriber) => {
      let isWaiting = true;
      const ended = (end: PauseEnd): void => {
        isWaiting = false;
        if (typeof end === 'object') return subscriber.error(end.error);
        if (end === 'rest') this.rest = rest;
        return subscriber.next();
      };
      const stop = startPause({ run, delayMs, scope, environment }, ended);
      return () => {
        stop();
        if (isWaiting) run.delayEnded('aborted');
      };
    });
  }
}
