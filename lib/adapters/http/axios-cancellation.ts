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

interface ForeignSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener?(type: 'abort', listener: () => void): void;
}

/** Joins `signal` and `cancelToken` of a request. */
export function cancellationOf({ signal, cancelToken }: AxiosRequestLike): CallerCancellation {
  const own = signalOf(signal);
  if (!isToken(cancelToken)) return own;
  const controller = new AbortController();
  const listener = (reason: unknown): void => controller.abort(reason);
  cancelToken.subscribe(listener);
  return {
    signal: own.signal === undefined ? controller.signal : AbortSignal.any([own.signal, controller.signal]),
    release: () => {
      own.release();
      cancelToken.unsubscribe(listener);
    },
  };
}

function signalOf(signal: unknown): CallerCancellation {
  if (signal instanceof AbortSignal) return { signal, release: () => undefined };
  if (!isForeignSignal(signal)) return { signal: undefined, release: () => undefined };
  const controller = new AbortController();
  const listener = (): void => controller.abort(signal.reason);
  signal.addEventListener('abort', listener);
  if (signal.aborted) listener();
  return { signal: controller.signal, release: () => signal.removeEventListener?.('abort', listener) };
}

/** By shape, as axios takes them: that of a polyfill, or of another realm, is no instance of the global class. */
function isForeignSignal(value: unknown): value is ForeignSignal {
  return typeof fieldOf(value, 'aborted') === 'boolean' && isMethod(value, 'addEventListener');
}

function isMethod(subject: unknown, name: string): boolean {
  return typeof fieldOf(subject, name) === 'function';
}

function isToken(value: unknown): value is TokenLike {
  return isMethod(value, 'subscribe') && isMethod(value, 'unsubscribe');
}
