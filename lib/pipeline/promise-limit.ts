import { AsyncResource } from 'node:async_hooks';
import type { Environment } from '../core/environment.js';
import type { LaneEntry } from '../core/lane.js';
import type { Scope } from '../core/scope.js';
import type { TimeLimit } from '../policies/time-limiter/index.js';
import type { CallRecord } from './call-record.js';
import type { PromiseNext } from './promise-layers.js';

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
    this.timeUp = AsyncResource.bind(timeUp);
  }

  /** Begins, as if it had begun so many milliseconds ago. */
  start(elapsedMs: number): void {
    const { timeoutMs } = this.rule;
    if (elapsedMs <= 0) {
      const lane = this.environment.lanes.of(timeoutMs);
      lane.enter(this);
      this.stopTimer = () => lane.leave(this);
    } else if (elapsedMs < timeoutMs) {
      const timer = this.environment.clock.schedule(timeoutMs - elapsedMs, this.timeUp);
      this.stopTimer = () => timer.cancel();
    } else {
      this.timeUp();
    }
  }

  stop(): void {
    this.stopTimer?.();
  }
}

/** When the span began that a limit is about: a total limit with the call, an attempt's with the attempt. */
export function limitBegan(rule: TimeLimit, record: CallRecord, nowMs: number): number {
  return rule.limit === 'total' || record.invocation !== undefined ? record.startedMs : nowMs;
}

/** Lets go of work that takes too long, or whose caller has left, and tells it so by its signal. */
export function limitLayer(rule: TimeLimit, environment: Environment, next: PromiseNext): PromiseNext {
  return (scope, record) => {
    const nowMs = environment.clock.nowMs();
    const beganMs = limitBegan(rule, record, nowMs);
    const inner = scope.inner(undefined, beganMs + rule.timeoutMs);
    if (rule.limit === 'attempt' && record.invocation?.hasFailed === true) return next(inner, record);
    return new Promise((resolve, reject) => {
      const limit = new RunningLimit(rule, environment, () => {
        const error = rule.exceeded(scope);
        reject(error);
        inner.cancellation.cancel(error, 'limit');
      });
      const stopWatching = scope.cancellation.onCancel(reject);
      const done = (): void => {
        limit.stop();
        stopWatching();
        inner.close();
      };
      void next(inner, record).then(resolve, reject).then(done);
      limit.start(nowMs - beganMs);
    });
  };
}
