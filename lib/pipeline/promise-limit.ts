import { inThisContext } from '../core/clock.js';
import type { Environment } from '../core/environment.js';
import type { LaneEntry } from '../core/lane.js';
import type { TimeLimit } from '../policies/time-limiter/index.js';
import type { CallRecord } from './call-record.js';
import { PLAIN_VALUES, type PromiseNext } from './promise-layers.js';

/** A time limit that is running for one piece of work. */
export class RunningLimit implements LaneEntry {
  laneDueMs = 0;
  lanePrevious: LaneEntry | undefined;
  laneNext: LaneEntry | undefined;
  readonly timeUp: () => void;
  private stopTimer: (() => void) | undefined;

  constructor(
    private readonly rule: TimeLimit,
    private readonly environment: Environment,
    timeUp: () => void,
  ) {
    // The lane's timer belongs to nobody; what follows from it belongs to this call.
    this.timeUp = inThisContext(timeUp);
  }

  /** Begins, as if it had begun so many milliseconds ago. */
  start(elapsedMs: number): void {
    const { timeoutMs } = this.rule;
    if (elapsedMs >= timeoutMs) return this.timeUp();
    if (elapsedMs > 0) return this.startAlone(timeoutMs - elapsedMs);
    const { lane } = this.rule;
    lane.enter(this);
    this.stopTimer = () => lane.leave(this);
    return undefined;
  }

  /** Begins with so much time left, on a timer of its own: a lane is for what has its whole time before it. */
  startAlone(leftMs: number): void {
    const timer = this.environment.clock.schedule(leftMs, this.timeUp);
    this.stopTimer = () => timer.cancel();
  }

  stop(): void {
    this.stopTimer?.();
  }
}

/** Work that has failed already was in time, however late it is now: what the failure means is asked first. */
function begin(limit: RunningLimit, rule: TimeLimit, record: CallRecord, elapsedMs: number): void {
  if (record.invocation?.hasFailed === true) limit.startAlone(Math.max(0, rule.timeoutMs - elapsedMs));
  else limit.start(elapsedMs);
}

/** Lets go of work that takes too long, or whose caller has left, and tells it so by its signal. */
export function limitLayer(
  rule: TimeLimit,
  environment: Environment,
  next: PromiseNext,
  view = PLAIN_VALUES,
): PromiseNext {
  return (scope, record) => {
    const nowMs = environment.clock.nowMs();
    const beganMs = record.beganMs(nowMs);
    const inner = scope.inner(undefined, beganMs + rule.timeoutMs);
    return new Promise((resolve, reject) => {
      let isOver = false;
      const letGo = (reason: unknown): void => {
        isOver = true;
        limit.stop();
        reject(reason);
      };
      const limit = new RunningLimit(rule, environment, () => {
        const error = rule.exceeded(scope);
        letGo(error);
        inner.cancellation.cancel(error, 'limit');
      });
      const stopWatching = scope.cancellation.onCancel(letGo);
      // Before the work begins: of two limits that pass in the same moment the outer one is told of.
      if (!isOver) begin(limit, rule, record, nowMs - beganMs);
      const done = (): void => {
        limit.stop();
        stopWatching();
      };
      const arrived = (value: unknown): void => {
        view.close(inner, value);
        if (isOver) view.lost(value);
        else resolve(value);
      };
      const failed = (error: unknown): void => {
        inner.close();
        reject(error);
      };
      void next(inner, record).then(arrived, failed).then(done);
    });
  };
}
