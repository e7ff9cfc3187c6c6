import { inThisContext } from '../core/clock.js';
import type { Environment } from '../core/environment.js';
import type { Scope } from '../core/scope.js';
import { callersError, type RetryRun } from '../policies/retry/index.js';
import { delay, type DelayEnd, startDelay, startWait } from './delay.js';
import { within } from './invoke.js';

/** What there is between two attempts of one call. */
export interface PauseParts {
  readonly run: RetryRun;
  readonly delayMs: number;
  /** The scope of the retried call. */
  readonly scope: Scope;
  readonly environment: Environment;
}

/** What follows a pause: the next attempt, the last outcome as it was, or this error. */
export type PauseEnd = 'next' | 'rest' | { readonly error: unknown };

type PreparationEnd = DelayEnd | { readonly error: unknown };

/** Waits for the delay, and for what the options ask for before the next attempt; the run hears of the end. */
export async function pause(parts: PauseParts): Promise<PauseEnd> {
  const { scope, run, delayMs, environment } = parts;
  let end: PreparationEnd = await delay(scope, delayMs, environment);
  if (end === 'elapsed' && run.prepares) {
    end = await new Promise<PreparationEnd>((resolve) => startPreparation(parts, resolve));
    // Who left in the very moment in which all was ready has left.
    if (end === 'elapsed' && scope.isCancelled) end = 'aborted';
  }
  return followed(parts, end);
}

/**
 * As {@link pause}, with a callback in the async context of who begins it. What it answers leaves the pause
 * without a callback, and without a word to the run.
 */
export function startPause(parts: PauseParts, done: (end: PauseEnd) => void): () => void {
  const { scope, run, delayMs, environment } = parts;
  const isOver = inThisContext((end: PreparationEnd) => done(followed(parts, end)));
  const waited = inThisContext((end: DelayEnd) => {
    if (end === 'elapsed' && run.prepares) stop = startPreparation(parts, isOver);
    else isOver(end);
  });
  let stop = (): void => undefined;
  stop = startDelay(scope, delayMs, environment, waited);
  return () => stop();
}

/** Prepares the next attempt; whoever ends the call ends the wait for that, and nobody hears of it any more. */
function startPreparation(parts: PauseParts, done: (end: PreparationEnd) => void): () => void {
  const { run, scope, environment } = parts;
  const call = scope.inner(run.attempt + 1);
  let failure: { readonly error: unknown } | undefined;
  const prepare = async (): Promise<void> => {
    try {
      await within(environment, call, () => run.prepare(call));
    } catch (error) {
      failure = { error: callersError(error) };
    }
  };
  const waiting = (over: () => void): (() => void) => {
    void prepare().then(over);
    return () => call.close();
  };
  return startWait(scope, environment, waiting, (end) => done(failure ?? end));
}

function followed({ run, scope }: PauseParts, end: PreparationEnd): PauseEnd {
  if (typeof end === 'object') {
    run.preparationFailed(end.error);
    return end;
  }
  if (end === 'elapsed' && !(run.prepares && run.isTooLate)) {
    run.nextAttempt();
    return 'next';
  }
  run.delayEnded(end === 'elapsed' ? 'deadline' : end);
  return end === 'aborted' ? { error: scope.cancellation.reason } : 'rest';
}
