import type { CallContext, Clock } from '../../core/index.js';

/** The context of a call that no policy stands around: its first attempt, with a signal that never aborts. */
export function bareContext(operation: string, clock: Clock): CallContext {
  const startedMs = clock.nowMs();
  let controller: AbortController | undefined;
  return {
    operation,
    attempt: 1,
    remainingMs: undefined,
    get elapsedMs() {
      return clock.nowMs() - startedMs;
    },
    get signal() {
      return (controller ??= new AbortController()).signal;
    },
  };
}
