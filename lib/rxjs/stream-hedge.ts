import { Observable, type Subscriber, type Subscription, tap } from 'rxjs';
import type { Environment } from '../core/environment.js';
import type { Scope } from '../core/scope.js';
import {
  type CallRecord,
  type HedgedScope,
  hedgedScope,
  HedgeTimer,
  recordBeside,
} from '../pipeline/index.js';
import type { HedgeRule, HedgeRun } from '../policies/hedge/index.js';
import { runInScope, type StreamNext } from './stream-layers.js';

/** Number of the attempt that is no hedge. */
const FIRST = 1;

/**
 * Subscribes once more to what stands inside while its first value is slow, as the rule says. The first stream that
 * gives a value or completes is the result, and the others are left.
 */
export function hedgeStream(rule: HedgeRule, environment: Environment, next: StreamNext): StreamNext {
  return (scope, record) =>
    new Observable((subscriber) => {
      const run = rule.begin(scope);
      if (!run.mayLaunch) return alone(run, next(scope, record)).subscribe(subscriber);
      return new HedgedStream({ rule, environment, next, scope, record, run, subscriber }).start();
    });
}

/** A stream that is not hedged, but counts. */
function alone(run: HedgeRun, source: Observable<unknown>): Observable<unknown> {
  const succeeded = (): void => {
    run.succeeded(FIRST);
  };
  return source.pipe(tap({ next: succeeded, complete: succeeded }));
}

interface HedgedStreamParts {
  readonly rule: HedgeRule;
  readonly environment: Environment;
  readonly next: StreamNext;
  readonly scope: Scope;
  readonly record: CallRecord;
  readonly run: HedgeRun;
  readonly subscriber: Subscriber<unknown>;
}

/** One of the streams that run side by side. */
interface StreamAttempt {
  readonly number: number;
  readonly scope: HedgedScope;
  source?: Subscription;
}

/** One subscription to a hedged stream. */
class HedgedStream {
  private readonly running = new Set<StreamAttempt>();
  private timer: HedgeTimer | undefined;
  private winner: StreamAttempt | undefined;
  /** Failures of attempts that start together, while they start: none of them comes before the others. */
  private early: (() => void)[] | undefined;

  constructor(private readonly parts: HedgedStreamParts) {}

  start(): void {
    const { subscriber, rule, record } = this.parts;
    subscriber.add(() => this.leave());
    if (rule.isParallel) return this.startTogether();
    this.attempt(FIRST, record);
    return this.wait();
  }

  private startTogether(): void {
    const early: (() => void)[] = [];
    this.early = early;
    this.attempt(FIRST, this.parts.record);
    while (this.launch());
    this.early = undefined;
    for (const fail of early) fail();
  }

  private wait(): void {
    const { run, rule, environment, subscriber } = this.parts;
    if (!run.mayLaunch || subscriber.closed) return;
    this.timer ??= new HedgeTimer(rule, environment.clock, () => this.timeUp());
    this.timer.start(run.delayMs);
  }

  private timeUp(): void {
    if (this.launch()) this.wait();
  }

  private launch(): boolean {
    const { run, record, environment, subscriber } = this.parts;
    if (subscriber.closed || !run.admit()) return false;
    this.attempt(run.lastAttempt, recordBeside(record, environment));
    return true;
  }

  private attempt(number: number, record: CallRecord): void {
    const { subscriber } = this.parts;
    const attempt: StreamAttempt = { number, scope: hedgedScope(this.parts.scope) };
    this.running.add(attempt);
    attempt.source = this.source(attempt, record).subscribe({
      next: (value) => {
        if (this.wins(attempt)) subscriber.next(value);
      },
      error: (error: unknown) => this.failed(attempt, error),
      complete: () => {
        if (this.wins(attempt)) subscriber.complete();
      },
    });
    // Another may have won, or the subscriber have left, while this one was being subscribed.
    if (!this.running.has(attempt)) attempt.source.unsubscribe();
  }

  private source({ scope }: StreamAttempt, record: CallRecord): Observable<unknown> {
    return new Observable((subscriber) => runInScope(scope, subscriber, this.parts.next(scope, record)));
  }

  /** Whether the attempt is the result; the first to ask is, and the others are left. */
  private wins(attempt: StreamAttempt): boolean {
    if (this.winner !== undefined) return this.winner === attempt;
    if (!this.parts.run.succeeded(attempt.number)) return false;
    if (attempt.number !== FIRST) this.parts.scope.hedgeWon();
    this.winner = attempt;
    this.timer?.stop();
    this.running.delete(attempt);
    for (const loser of this.running) {
      loser.scope.lose();
      loser.source?.unsubscribe();
    }
    this.running.clear();
    this.running.add(attempt);
    return true;
  }

  private failed(attempt: StreamAttempt, error: unknown): void {
    const { run, subscriber } = this.parts;
    if (this.early !== undefined) return void this.early.push(() => this.failed(attempt, error));
    this.running.delete(attempt);
    if (this.winner === attempt) return subscriber.error(error);
    const decision = run.failed(attempt.number, error);
    if (decision.kind === 'wait') return undefined;
    return subscriber.error(decision.error);
  }

  /** The stream has ended, or its subscriber has left: nothing starts any more. */
  private leave(): void {
    this.timer?.stop();
    for (const { source } of this.running) source?.unsubscribe();
    this.running.clear();
  }
}
