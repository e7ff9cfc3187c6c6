import { onAbort } from '../core/abort.js';
import type { Environment } from '../core/environment.js';
import { Scope } from '../core/scope.js';
import { TimeoutExceededError } from '../policies/time-limiter/index.js';
import type { CallRecord } from './call-record.js';

/** A call that may run, in its outermost scope. */
export interface EnteredCall {
  readonly scope: Scope;
  /** Lets go of the caller's signal and of the call around this one. */
  leave(): void;
}

/**
 * The outermost scope of a call: inside the limited call around it, and ended by the caller's signal.
 *
 * @throws the reason of a signal that is aborted already, or {@link TimeoutExceededError} where the deadline of
 * the call around it has passed: then nothing runs
 */
export function enterCall(record: CallRecord, environment: Environment, signal?: AbortSignal): EnteredCall {
  const outer = environment.ambient.current;
  if (signal?.aborted === true) throw signal.reason;
  if (outer?.isCancelled === true) throw outer.cancellation.reason;
  if (outer?.remainingMs === 0) throw tooLate(record);
  const scope = new Scope(record, Number.POSITIVE_INFINITY, outer);
  const stopWatching = signal && onAbort(signal, () => scope.cancellation.cancel(signal.reason, 'caller'));
  return {
    scope,
    leave: () => {
      stopWatching?.();
      scope.close();
    },
  };
}

function tooLate(record: CallRecord): Error {
  return new TimeoutExceededError({
    operation: record.operation,
    policy: 'timeLimiter',
    limit: 'total',
    timeoutMs: 0,
  });
}
