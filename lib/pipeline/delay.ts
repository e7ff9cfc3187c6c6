import type { Environment } from '../core/environment.js';
import type { Scope } from '../core/scope.js';

/** How a delay ended: by itself, or because nobody waits for what would follow. */
export type DelayEnd = 'elapsed' | 'aborted' | 'shutdown';

/** Begins what is waited for; answers how to leave it. It calls back once when it is over, never at once. */
export type Waiting = (over: () => void) => () => void;

/**
 * Waits, unless the call is ended or the application closes before: then it ends at once. Calls back once; what
 * it answers ends the wait without a callback.
 */
export function startDelay(
  scope: Scope,
  delayMs: number,
  environment: Environment,
  done: (end: DelayEnd) => void,
): () => void {
  const waiting: Waiting = (over) => {
    const timer = environment.clock.schedule(delayMs, over);
    return () => timer.cancel();
  };
  return startWait(scope, environment, waiting, done);
}

/** As {@link startDelay}, for whatever there is to be waited for. */
export function startWait(
  scope: Scope,
  environment: Environment,
  waiting: Waiting,
  done: (end: DelayEnd) => void,
): () => void {
  let isOver = false;
  const undo: (() => void)[] = [];
  const stop = (): void => {
    isOver = true;
    for (const each of undo) each();
  };
  const end = (how: DelayEnd): void => {
    if (isOver) return;
    stop();
    done(how);
  };
  undo.push(scope.cancellation.onCancel(() => end('aborted')));
  if (!isOver) undo.push(environment.lifetime.onClosing(() => end('shutdown')));
  if (isOver) {
    stop();
    return stop;
  }
  undo.push(waiting(() => end('elapsed')));
  return stop;
}

/** As {@link startDelay}, to be awaited. */
export async function delay(scope: Scope, delayMs: number, environment: Environment): Promise<DelayEnd> {
  const end = await new Promise<DelayEnd>((resolve) => {
    startDelay(scope, delayMs, environment, resolve);
  });
  // Who left in the very moment in which the delay was over has left.
  return end === 'elapsed' && scope.isCancelled ? 'aborted' : end;
}
