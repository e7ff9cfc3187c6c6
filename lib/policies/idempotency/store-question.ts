import { Cancellation } from '../../core/cancellation.js';
import type { StoreCallOptions } from './idempotency.store.js';

/** One question to a store. Its signal is made when the store reads it: one that answers at once needs none. */
export class StoreQuestion implements StoreCallOptions {
  private readonly cancellation = new Cancellation();

  get signal(): AbortSignal {
    return this.cancellation.signal;
  }

  /** Whether nobody waits for the answer any more. */
  get isLeft(): boolean {
    return this.cancellation.isCancelled;
  }

  /** Nobody waits for the answer any more. */
  leave(reason: unknown): void {
    this.cancellation.cancel(reason, 'limit');
  }

  /** @throws the reason, where nobody waits any more */
  throwIfLeft(): void {
    if (this.isLeft) throw this.cancellation.reason;
  }
}

/** @throws the reason of a signal that has aborted; makes none to find out */
export function throwIfLeft(options: StoreCallOptions | undefined): void {
  if (options instanceof StoreQuestion) options.throwIfLeft();
  else options?.signal?.throwIfAborted();
}
