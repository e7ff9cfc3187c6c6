import { Injectable } from '@nestjs/common';
import { Observable, of } from 'rxjs';
import {
  Bulkhead,
  CallContext,
  type CallIdempotency,
  Fallback,
  Hedge,
  Idempotent,
  PolicyOrder,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { until } from '../../../support/nest-applications.js';

const key = (id: string): string => id;
/** The limit of those methods that have one. */
export const KILOBYTE = 1_024;

/** What the methods below give, and what has become of them. */
export interface FeedState {
  runs: number;
  /** Iterations that have ended. */
  left: number;
  seen: (CallIdempotency | undefined)[];
  source: () => Observable<unknown>;
  iterate: () => AsyncGenerator<unknown>;
  /** What `alreadyDone` answers. */
  found: unknown;
}

const fresh = (): FeedState => ({
  runs: 0,
  left: 0,
  seen: [],
  source: () => of(1, 2, 3),
  iterate: async function* () {
    yield* [1, 2, 3];
  },
  found: undefined,
});

export const feed = fresh();

/** As before the first test. */
export function resetFeed(): void {
  Object.assign(feed, fresh());
}

/** Methods that give streams, under a guard and whatever else. */
@Injectable()
export class Feeds {
  @Idempotent({ key, maxStoredBytes: KILOBYTE })
  watch(_id: string, @CallContext() call?: CallContext): Observable<unknown> {
    feed.runs += 1;
    feed.seen.push(call?.idempotency);
    return feed.source();
  }

  @Idempotent({ key, onInFlight: 'wait' })
  share(_id: string): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }

  @Idempotent({ key, maxStoredBytes: KILOBYTE })
  async *list(_id: string): AsyncGenerator<unknown> {
    feed.runs += 1;
    try {
      yield* feed.iterate();
    } finally {
      feed.left += 1;
    }
  }

  @Idempotent({ key })
  @Hedge('10ms')
  race(_id: string, @CallContext() call?: CallContext): Observable<unknown> {
    feed.runs += 1;
    feed.seen.push(call?.idempotency);
    return feed.source();
  }

  @Idempotent({ key })
  @Retryable({ maxAttempts: 3, backoff: { type: 'fixed', initialDelay: 0 }, budget: false })
  insist(_id: string): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }

  @Idempotent({ key })
  @Retryable({ retryOn: () => true, backoff: { type: 'fixed', initialDelay: 0 }, budget: false })
  @PolicyOrder('retry', 'idempotent')
  repeat(_id: string): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }

  @Idempotent({ key })
  @Fallback({ value: 'degraded' }, { applyOn: () => true })
  degrade(_id: string): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }

  @Idempotent({ key })
  @Fallback({ value: 'degraded' }, { applyOn: () => true })
  @PolicyOrder('idempotent', 'fallback')
  degradeInside(_id: string): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }

  @Idempotent({ key })
  @TimeLimiter('100ms')
  hurry(_id: string): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }

  @Idempotent({ key })
  @Bulkhead(1)
  crowd(_id: string): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }

  @Idempotent({ key, alreadyDone: async () => feed.found })
  recover(_id: string): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }

  @Idempotent({ key: () => undefined, required: false })
  optional(): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }

  @Idempotent({ key, onStoreDown: 'run', maxStoredBytes: 1 })
  daring(_id: string): Observable<unknown> {
    feed.runs += 1;
    return feed.source();
  }
}

/** What a subscriber hears, in order. */
export function heard(stream: Observable<unknown>): {
  readonly told: unknown[];
  readonly ended: () => boolean;
  readonly leave: () => void;
} {
  const told: unknown[] = [];
  let isOver = false;
  const end = (what: unknown) => {
    told.push(what);
    isOver = true;
  };
  const subscription = stream.subscribe({
    next: (value) => told.push(value),
    error: (error: unknown) => end(error),
    complete: () => end('complete'),
  });
  return { told, ended: () => isOver, leave: () => subscription.unsubscribe() };
}

/** All that a stream has told to its end. */
export async function allOf(stream: Observable<unknown>): Promise<unknown[]> {
  const listener = heard(stream);
  await until(listener.ended);
  return listener.told;
}

/** The same of an iteration. */
export async function itemsOf(iterable: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  try {
    for await (const item of iterable) items.push(item);
    items.push('complete');
  } catch (error) {
    items.push(error);
  }
  return items;
}
