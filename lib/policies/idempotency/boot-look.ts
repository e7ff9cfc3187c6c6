import { onAbort } from '../../core/abort.js';
import type { Clock, Timer } from '../../core/clock.js';

const LONGEST_LOOK_MS = 1_000;
const NEXT_LOOK_MS = 25;

/** How a look at a store's server is taken. */
export interface BootLook {
  readonly clock: Clock;
  /** Aborts when nobody waits for what is seen. */
  readonly signal: AbortSignal | undefined;
  /** Whether to look again soon after a failure, as where a client is still connecting. @defaultValue never */
  again?(error: unknown): boolean;
}

/**
 * What a store sees of its server at boot, for its warnings. A server that does not answer within a second, or fails,
 * is no reason to hold a boot: then it is `undefined`, and nothing is looked for any more. Never rejects.
 */
export function lookAtBoot<T>(
  look: () => Promise<T>,
  { clock, signal, again }: BootLook,
): Promise<T | undefined> {
  if (signal?.aborted === true) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let isOver = false;
    let next: Timer | undefined;
    const end = (seen?: T): void => {
      isOver = true;
      last.cancel();
      next?.cancel();
      stopWatching?.();
      resolve(seen);
    };
    const failed = (error: unknown): void => {
      if (isOver) return;
      if (again?.(error) === true) next = clock.schedule(NEXT_LOOK_MS, once, { idle: true });
      else end();
    };
    const once = (): void => void look().then(end, failed);
    const last = clock.schedule(LONGEST_LOOK_MS, () => end(), { idle: true });
    const stopWatching = signal && onAbort(signal, () => end());
    once();
  });
}
