import type { Environment } from '../core/environment.js';
import type { Scope } from '../core/scope.js';
import type { IdempotencyStore } from '../policies/idempotency/index.js';

/** How a wait ended: with what was waited for, with the time, or since the caller left. */
export type Waited<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'time' }
  | { readonly kind: 'left'; readonly reason: unknown };

/** Waits for something, for at most so long, while the caller is there. Rejects where what is waited for does. */
export function waitFor<T>(
  work: Promise<T>,
  environment: Environment,
  caller: Scope,
  atMostMs = Number.POSITIVE_INFINITY,
): Promise<Waited<T>> {
  return new Promise((resolve, reject) => {
    const undo: (() => void)[] = [];
    let isOver = false;
    const stop = (): void => {
      isOver = true;
      for (const each of undo) each();
    };
    const end = (how: Waited<T>): void => {
      stop();
      resolve(how);
    };
    if (caller.isLimited) undo.push(caller.cancellation.onCancel((reason) => end({ kind: 'left', reason })));
    if (!isOver && atMostMs !== Number.POSITIVE_INFINITY) {
      const timer = environment.clock.schedule(Math.max(0, atMostMs), () => end({ kind: 'time' }));
      undo.push(() => timer.cancel());
    }
    work.then(
      (value) => end({ kind: 'done', value }),
      (error: unknown) => {
        stop();
        reject(error);
      },
    );
  });
}

/** A promise that is settled from outside, once. */
export class Deferred<T> {
  private settle: ((value: T) => void) | undefined;
  private current: { readonly value: T } | undefined;
  private asked: Promise<T> | undefined;

  /** Made when somebody asks: most are settled before anybody waits. */
  get promise(): Promise<T> {
    return (this.asked ??=
      this.current === undefined
        ? new Promise((resolve) => {
            this.settle = resolve;
          })
        : Promise.resolve(this.current.value));
  }

  /** What it was resolved with, if it was. */
  get settled(): { readonly value: T } | undefined {
    return this.current;
  }

  /** Later calls change nothing. */
  resolve(value: T): void {
    if (this.current !== undefined) return;
    this.current = { value };
    this.settle?.(value);
  }
}

/** The store's hint that a record has changed, where it gives any; it never rejects. */
export function changeOf(
  store: IdempotencyStore,
  storedKey: string,
  atMostMs: number,
  signal: AbortSignal,
): Promise<unknown> {
  const never = new Promise<never>(() => undefined);
  if (store.waitForChange === undefined) return never;
  // A hint that cannot be had is none; the pause ends by itself.
  return store.waitForChange(storedKey, atMostMs, { signal }).catch(() => never);
}
