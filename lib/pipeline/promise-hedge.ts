import { type Clock, inThisContext, type Timer } from '../core/clock.js';
import type { Environment } from '../core/environment.js';
import type { LaneEntry } from '../core/lane.js';
import { Scope } from '../core/scope.js';
import type { HedgeRule, HedgeRun } from '../policies/hedge/index.js';
import { CallRecord } from './call-record.js';
import { PLAIN_VALUES, type PromiseNext, type ValueView } from './promise-layers.js';

/** Number of the attempt that is no hedge. */
const FIRST = 1;

/** The time from the start of one attempt to that of the next; one object serves all attempts of a call. */
export class HedgeTimer implements LaneEntry {
  laneDueMs = 0;
  lanePrevious: LaneEntry | undefined;
  laneNext: LaneEntry | undefined;
  readonly timeUp: () => void;
  private timer: Timer | undefined;

  constructor(
    private readonly rule: HedgeRule,
    private readonly clock: Clock,
    timeUp: () => void,
  ) {
    // The timers belong to nobody; the attempt that is started by one belongs to this call.
    this.timeUp = inThisContext(timeUp);
  }

  start(delayMs: number): void {
    const { lane } = this.rule;
    if (lane !== undefined) return lane.enter(this);
    this.timer = this.clock.schedule(delayMs, this.timeUp, { detached: true });
    return undefined;
  }

  /** Harmless where it is not running. */
  stop(): void {
    this.rule.lane?.leave(this);
    this.timer?.cancel();
    this.timer = undefined;
  }
}

/** The part of a call in which one of several attempts runs; what it calls inside of it ends with it. */
export class HedgedScope extends Scope {
  /** It may lose while its work goes on. */
  override get isLimited(): boolean {
    return true;
  }

  override get hasRivals(): boolean {
    return true;
  }

  /** Another attempt was faster: whatever this one still does changes nothing. */
  lose(): void {
    const reason = new DOMException(`${this.operation}: another attempt was faster`, 'AbortError');
    this.cancellation.cancel(reason, 'loser');
    this.close();
  }
}

/** The scope of another attempt of the same call, with the number of the attempt that it runs beside. */
export function hedgedScope(scope: Scope): HedgedScope {
  return scope.innerAs(HedgedScope);
}

/** The same call for another attempt: nothing is done for it yet. */
export function recordBeside(record: CallRecord, environment: Environment): CallRecord {
  const { operation, self, args, isUnsafe, startedMs, canBeAborted, attempts } = record;
  const beside = new CallRecord({ operation, environment, self, args, isUnsafe, startedMs, canBeAborted });
  beside.attempts = attempts;
  beside.claim = record.claim;
  return beside;
}

/** Starts further attempts beside one that is slow, as the rule says; the first success is the result. */
export function hedgeLayer(
  rule: HedgeRule,
  environment: Environment,
  next: PromiseNext,
  view = PLAIN_VALUES,
): PromiseNext {
  return (scope, record) => {
    const run = rule.begin(scope);
    if (!run.mayLaunch) return alone(run, next(scope, record));
    return new Promise((resolve, reject) => {
      new HedgedPromise({ rule, environment, next, view, scope, record, run, resolve, reject }).start();
    });
  };
}

/** A call that is not hedged, but counts. */
async function alone(run: HedgeRun, work: Promise<unknown>): Promise<unknown> {
  const value = await work;
  run.succeeded(FIRST);
  return value;
}

interface HedgedPromiseParts {
  readonly rule: HedgeRule;
  readonly environment: Environment;
  readonly next: PromiseNext;
  readonly view: ValueView;
  readonly scope: Scope;
  readonly record: CallRecord;
  readonly run: HedgeRun;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One call whose attempts run side by side. */
class HedgedPromise {
  private readonly running = new Set<HedgedScope>();
  private timer: HedgeTimer | undefined;
  private stopWatching: (() => void) | undefined;

  constructor(private readonly parts: HedgedPromiseParts) {}

  start(): void {
    const { scope, record, rule } = this.parts;
    this.attempt(FIRST, record);
    if (rule.isParallel) while (this.launch());
    else this.wait();
    // Who leaves waits for what runs, but not for what could still start.
    if (scope.isLimited) this.stopWatching = scope.cancellation.onCancel(() => this.timer?.stop());
  }

  private wait(): void {
    const { run, rule, environment } = this.parts;
    if (!run.mayLaunch) return;
    this.timer ??= new HedgeTimer(rule, environment.clock, () => this.timeUp());
    this.timer.start(run.delayMs);
  }

  private timeUp(): void {
    if (this.launch()) this.wait();
  }

  private launch(): boolean {
    const { run, record, environment } = this.parts;
    if (!run.admit()) return false;
    this.attempt(run.lastAttempt, recordBeside(record, environment));
    return true;
  }

  private attempt(number: number, record: CallRecord): void {
    const scope = hedgedScope(this.parts.scope);
    this.running.add(scope);
    this.begin(scope, record).then(
      (value) => this.succeeded(number, scope, value),
      (error: unknown) => this.failed(number, scope, error),
    );
  }

  /** What is thrown by a hedge would be thrown into a timer. */
  private begin(scope: Scope, record: CallRecord): Promise<unknown> {
    try {
      return this.parts.next(scope, record);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private succeeded(number: number, scope: HedgedScope, value: unknown): void {
    const { run, view, resolve } = this.parts;
    this.ended(scope);
    if (!run.succeeded(number)) return view.lost(value);
    if (number !== FIRST) this.parts.scope.hedgeWon();
    this.settle();
    return resolve(value);
  }

  private failed(number: number, scope: HedgedScope, error: unknown): void {
    const { run, reject } = this.parts;
    this.ended(scope);
    const decision = run.failed(number, error);
    if (decision.kind === 'wait') return;
    this.settle();
    reject(decision.error);
  }

  private ended(scope: HedgedScope): void {
    this.running.delete(scope);
    scope.close();
  }

  private settle(): void {
    this.timer?.stop();
    this.stopWatching?.();
    for (const loser of this.running) loser.lose();
    this.running.clear();
  }
}
