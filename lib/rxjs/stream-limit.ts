import { catchError, Observable, tap, throwError } from 'rxjs';
import type { Environment } from '../core/environment.js';
import { limitBegan, RunningLimit } from '../pipeline/index.js';
import type { TimeLimit } from '../policies/time-limiter/index.js';
import { runInScope, type StreamNext } from './stream-layers.js';

/** Lets go of a stream whose first value, or end, takes too long, or whose caller has left before. */
export function limitStream(rule: TimeLimit, environment: Environment, next: StreamNext): StreamNext {
  return (scope, record) =>
    new Observable((subscriber) => {
      const nowMs = environment.clock.nowMs();
      const beganMs = limitBegan(record, nowMs);
      const inner = scope.inner(undefined, beganMs + rule.timeoutMs);
      let passed: Error | undefined;
      const limit = new RunningLimit(rule, environment, () => {
        const error = rule.exceeded(scope);
        passed = error;
        inner.cancellation.cancel(error, 'limit');
        subscriber.error(error);
      });
      const stopWatching = scope.cancellation.onCancel((reason) => subscriber.error(reason));
      const keep = (): void => {
        limit.stop();
        stopWatching();
        inner.lift();
      };
      subscriber.add(() => limit.stop());
      subscriber.add(stopWatching);
      if (!subscriber.closed) limit.start(nowMs - beganMs);
      // What stands inside may answer the limit with an error of its own: the limit is what the subscriber hears of.
      const told = catchError((error: unknown) => throwError(() => passed ?? error));
      if (!subscriber.closed)
        runInScope(inner, subscriber, next(inner, record).pipe(tap({ next: keep }), told));
    });
}
