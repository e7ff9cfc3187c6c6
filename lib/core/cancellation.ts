import { PassingList } from './passing-list.js';

/**
 * Who ended a piece of work before its time: a time limit of its own call, its caller (an `AbortSignal`, or
 * the decorated call around it), or another attempt that was faster.
 */
export type CancellationOrigin = 'limit' | 'caller' | 'loser';

type Listener = (reason: unknown, origin: CancellationOrigin) => void;

/**
 * The end of a piece of work before its time. An `AbortSignal` is made only when somebody reads it: a read
 * costs microseconds, this object nanoseconds.
 */
export class Cancellation {
  private state: { readonly reason: unknown; readonly origin: CancellationOrigin } | undefined;
  private listeners: PassingList<Listener> | undefined;
  private controller: AbortController | undefined;

  get isCancelled(): boolean {
    return this.state !== undefined;
  }

  /** The reason that was given, `undefined` while nothing is cancelled. */
  get reason(): unknown {
    return this.state?.reason;
  }

  get origin(): CancellationOrigin | undefined {
    return this.state?.origin;
  }

  /** Aborts when the work is cancelled; already aborted where it was. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.state !== undefined) this.controller.abort(this.state.reason);
    }
    return this.controller.signal;
  }

  /** Cancels once; later calls change nothing. */
  cancel(reason: unknown, origin: CancellationOrigin): void {
    if (this.state !== undefined) return;
    this.state = { reason, origin };
    const listeners = this.listeners;
    this.listeners = undefined;
    this.controller?.abort(reason);
    if (listeners === undefined) return;
    for (let next = listeners.takeFirst(); next !== undefined; next = listeners.takeFirst()) {
      next(reason, origin);
    }
  }

  /** Calls the listener once, at once where the work is cancelled already. Answers how to take it back. */
  onCancel(listener: Listener): () => void {
    if (this.state !== undefined) {
      listener(this.state.reason, this.state.origin);
      return noop;
    }
    return (this.listeners ??= new PassingList()).enter(listener);
  }
}

function noop(): void {
  // Nothing was registered.
}
