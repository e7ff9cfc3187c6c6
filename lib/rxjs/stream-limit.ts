import { Observable } from 'rxjs';
import type { Environment } from '../core/environment.js';
import { RunningLimit, limitBegan } from '../pipeline/index.js';
import type { TimeLimit } from '../policies/time-limiter/index.js';
import type { StreamNext } from './stream-layers.js';

/** Lets go of a stream whose first value, or end, takes too long, or whose caller has left. */
export function limitStream(rule: TimeLimit, environment: Environment, next: StreamNext): StreamNext {
  return (scope, record) =>
    new Observable((subscriber) => {
      const nowMs = environment.clock.nowMs();
      const beganMs = limitBegan(rule, record, nowMs);
      const inner = scope.inner(undefined, beganMs + rule.timeoutMs);
      const limit = new RunningLimit(rule, environment, () => {
        const error = rule.exceeded(scope);
        inner.cancellation.cancel(error, 'limit');
        subscriber.error(error);
      });
      subscriber.add(() => {
        limit.stop();
        inner.close();
      });
      subscriber.add(scope.cancellation.onCancel((reason) => subscriber.error(reason)));
      if (subscriber.closed) return;
      limit.start(nowMs - beganMs);
      const source = next(inner, record).subscribe({
        next: (value) => {
          limit.stop();
          subscriber.next(value);
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      subscriber.add(source);
    });
}
