import { PassingList } from './passing-list.js';

/** Who waits for the abort of each signal that somebody waits for. */
const WAITING = new WeakMap<AbortSignal, Waiting>();

interface Waiting {
  readonly listeners: PassingList<() => void>;
  readonly onAbort: () => void;
}

/**
 * Calls the listener when the signal aborts; answers how to take that back. However many wait for one signal, as
 * all calls of an application may for that of its shutdown, the signal has one listener: of more than ten Node warns
 * as of a leak. The last to go takes it away, since Node keeps composed signals alive as long as they have one.
 *
 * The signal must not be aborted yet.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const { listeners, onAbort: hub } = WAITING.get(signal) ?? watched(signal);
  const leave = listeners.enter(listener);
  return () => {
    if (listeners.isEmpty) return;
    leave();
    if (!listeners.isEmpty) return;
    signal.removeEventListener('abort', hub);
    WAITING.delete(signal);
  };
}

function watched(signal: AbortSignal): Waiting {
  const listeners = new PassingList<() => void>();
  const tellAll = (): void => {
    WAITING.delete(signal);
    for (let next = listeners.takeFirst(); next !== undefined; next = listeners.takeFirst()) next();
  };
  const waiting = { listeners, onAbort: tellAll };
  WAITING.set(signal, waiting);
  signal.addEventListener('abort', tellAll, { once: true });
  return waiting;
}
