import type { INestApplicationContext } from '@nestjs/common';
import type { IdempotencyStore } from 'nestjs-selfheal';
import type { ManualClock } from 'nestjs-selfheal/testing';

/** A store of a process that falls silent: it claims, and nothing more of it arrives. */
export function silenced(store: IdempotencyStore): IdempotencyStore {
  const lost = (): Promise<never> => Promise.reject(new Error('nothing arrives'));
  return {
    begin: (request, options) => store.begin(request, options),
    extend: lost,
    complete: lost,
    release: lost,
    read: (key, options) => store.read(key, options),
    forget: (key, options) => store.forget(key, options),
    sweep: async () => 0,
    ping: lost,
  };
}

/** A promise that is settled from outside. */
export class Gate<T> {
  open: (value: T) => void = () => undefined;
  fail: (error: unknown) => void = () => undefined;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.open = resolve;
    this.fail = reject;
  });
}

/** Closes an application whose store answers nothing any more: it waits until its deadline, by its own clock. */
export async function closed(app: INestApplicationContext, clock: ManualClock): Promise<void> {
  const closing = app.close();
  await clock.advance(1);
  await clock.advance(10_000);
  await closing;
}
