import { Observable, tap } from 'rxjs';
import type { CancellationOrigin } from '../core/cancellation.js';
import type { Environment } from '../core/environment.js';
import { RunningLimit } from '../pipeline/index.js';
import type { TimeLimit } from '../policies/time-limiter/index.js';
import { runInScope, type StreamNext } from './stream-layers.js';
import { untilOver } from './until-over.js';

/** Lets go of a stream whose first value, or end, takes too long, or whose caller has left before. */
export function limitStream(rule: TimeLimit, environment: Environment, next: StreamNext): StreamNext {
  return (scope, record) =>
    new Observable((subscriber) => {
      const nowMs = environment.clock.nowMs();
      const beganMs = record.beganMs(nowMs);
      const inner = scope.inner(undefined, beganMs + rule.timeoutMs);
      let isOver = false;
      const letGo = (reason: unknown, origin: CancellationOrigin): void => {
        isOver = true;
        // What stands inside hears why it ends before it is left.
        inner.cancellation.cancel(reason, origin);
        subscriber.error(reason);
      };
      const limit = new RunningLimit(rule, environment, () => letGo(rule.exceeded(scope), 'limit'));
      const stopWatching = scope.cancellation.onCancel(letGo);
      const keep = (): void => {
        limit.stop();
        stopWatching();
        inner.lift();
      };
      subscriber.add(() => limit.stop());
      subscriber.add(stopWatching);
      if (!subscriber.closed) limit.start(nowMs - beganMs);
      const told = next(inner, record).pipe(
        untilOver(() => isOver),
        tap({ next: keep }),
      );
      if (!subscriber.closed) runInScope(inner, subscriber, told);
    });
}
