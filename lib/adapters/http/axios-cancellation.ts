import { fieldOf } from '../../core/index.js';
import type { AxiosRequestLike } from './axios-shapes.js';

/** The ways in which the caller of a request can end it, as one signal. */
export interface CallerCancellation {
  readonly signal: AbortSignal | undefined;
  /** Stops listening. */
  release(): void;
}

interface TokenLike {
  subscribe(listener: (reason: unknown) => void): void;
  unsubscribe(listener: (reason: unknown) => void): void;
}

/** Joins `signal` and `cancelToken` of a request. */
export function cancellationOf({ signal, cancelToken }: AxiosRequestLike): CallerCancellation {
  const token = isToken(cancelToken) ? cancelToken : undefined;
  const own = signal instanceof AbortSignal ? signal : undefined;
  if (token === undefined) return { signal: own, release: () => undefined };
  const controller = new AbortController();
  const listener = (reason: unknown): void => controller.abort(reason);
  token.subscribe(listener);
  return {
    signal: own === undefined ? controller.signal : AbortSignal.any([own, controller.signal]),
    release: () => token.unsubscribe(listener),
  };
}

function isToken(value: unknown): value is TokenLike {
  return (
    typeof fieldOf(value, 'subscribe') === 'function' && typeof fieldOf(value, 'unsubscribe') === 'function'
  );
}
