import { onAbort } from './abort.js';

/**
 * Ends with the work, or with the reason of the signal, whichever comes first. The work itself goes on: no driver
 * takes a command back, so what comes of it later is nobody's and disturbs nobody.
 */
export function untilGivenUp<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return work();
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise<T>((resolve, reject) => {
    const stay = onAbort(signal, () => reject(signal.reason));
    work().then(resolve, reject).then(stay, stay);
  });
}
