import { Injectable, type ModuleMetadata } from '@nestjs/common';
import { from, NEVER, type Observable, of, take, throwError } from 'rxjs';
import {
  Bulkhead,
  CircuitBreaker,
  CircuitBreakerRegistry,
  Fallback,
  Idempotent,
  RateLimiter,
  ResilienceService,
  Retryable,
} from 'nestjs-selfheal';
import { Backend, outcomeOf, type World } from './nest-applications.js';

/** What a metric says of one set of labels, in the words of the contract. */
export type Row = readonly [labels: Readonly<Record<string, string>>, value: number];
export type Rows = Readonly<Record<string, readonly Row[]>>;

const RETRY = { maxAttempts: 3, backoff: { type: 'fixed', initialDelay: 100, jitter: 'none' } } as const;

/** In the place of the method, as foreign decorators do. */
function Counted(): MethodDecorator {
  return (_target, _member, descriptor: PropertyDescriptor) => {
    const inner = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return inner.apply(this, args);
    };
  };
}

let backend = new Backend('S');
let release = (): void => undefined;

/** One method for each thing that there is to count. */
@Injectable()
export class Shop {
  @Retryable({ ...RETRY, budget: false })
  buy(): Promise<string> {
    return backend.ask();
  }

  @CircuitBreaker({ name: 'browsing', slowCallDurationThreshold: 1_000 })
  browse(): Promise<string> {
    return backend.ask();
  }

  @Bulkhead({ name: 'packing', maxConcurrentCalls: 1 })
  pack(): Promise<void> {
    return new Promise((resolve) => (release = resolve));
  }

  @RateLimiter({ name: 'shipping', limit: 5, window: '1s' })
  ship(): Promise<string> {
    return backend.ask();
  }

  @RateLimiter({ name: 'by customer', limit: 5, window: '1s', key: (customer) => String(customer) })
  async call(customer: string): Promise<string> {
    return customer;
  }

  @Fallback({ value: 'none' })
  stock(): Promise<string> {
    return backend.ask();
  }

  @Idempotent({ key: (order: string) => order })
  async pay(order: string): Promise<string> {
    return `paid ${order}`;
  }

  @Retryable({ ...RETRY })
  @Counted()
  @CircuitBreaker({ name: 'parcels' })
  track(): Promise<string> {
    return backend.ask();
  }

  @CircuitBreaker({ name: 'news' })
  news(of_: 'values' | 'nothing' | 'failure'): Observable<string> {
    if (of_ === 'failure') return throwError(() => new Error('no news'));
    return of_ === 'values' ? of('one', 'two') : NEVER;
  }

  @CircuitBreaker({ name: 'pages' })
  async *pages(): AsyncGenerator<number> {
    yield* [1, 2, 3];
  }
}

export const SHOP: ModuleMetadata = { providers: [Shop] };

async function calls(script: readonly string[], world: World, call: () => unknown): Promise<void> {
  for (const each of script) {
    backend = new Backend(each);
    const outcome = outcomeOf(call);
    await world.clock.runAll();
    await outcome;
  }
}

/** Leaves the second iteration after its first page. */
async function readPages(shop: Shop): Promise<void> {
  for await (const _page of shop.pages());
  for await (const _page of shop.pages()) break;
}

async function askInLoop(service: ResilienceService): Promise<void> {
  const options = { ...RETRY, budget: false } as const;
  for await (const attempt of service.attempts(options)) await attempt.run(() => backend.ask());
}

/** The same run of all methods, whoever looks at it. */
export async function playShop(world: World): Promise<void> {
  const shop = world.get(Shop);
  await calls(['S', 'F,F,S', 'F404', 'F,F,F'], world, () => shop.buy());
  await calls(['S', 'F404', 'F', 'F', 'F', 'F', 'F', 'S', 'S'], world, () => shop.browse());
  const packing = shop.pack();
  await outcomeOf(() => shop.pack());
  release();
  await packing;
  void shop.pack();
  await calls(['S', 'S', 'F'], world, () => shop.ship());
  await shop.call('customer 1');
  await calls(['S', 'F', 'F'], world, () => shop.stock());
  await shop.pay('1');
  await shop.pay('1');
  await calls(['F,S'], world, () => shop.track());
  await Promise.all([shop.news('values'), shop.news('values').pipe(take(1))].map((each) => lastOf(each)));
  await outcomeOf(() => lastOf(shop.news('failure')));
  shop.news('nothing').subscribe().unsubscribe();
  await readPages(shop);
  await calls(['F,S'], world, () =>
    world.get(ResilienceService).execute({ operation: 'by hand', retry: RETRY }, () => backend.ask()),
  );
  await calls(['F,S'], world, () => askInLoop(world.get(ResilienceService)));
  world.get(CircuitBreakerRegistry).getOrCreate('resting').disable();
}

async function lastOf(stream: Observable<string>): Promise<string | undefined> {
  let last: string | undefined;
  await new Promise<void>((resolve, reject) => {
    from(stream).subscribe({ next: (value) => (last = value), error: reject, complete: resolve });
  });
  return last;
}

const BREAKERS = ['browsing', 'parcels', 'news', 'pages', 'resting'];

function states(): readonly Row[] {
  const stateOf: Record<string, string> = { browsing: 'open', resting: 'disabled' };
  return BREAKERS.flatMap((name) =>
    ['closed', 'open', 'half-open', 'forced-open', 'disabled'].map((state): Row => [
      { name, state },
      (stateOf[name] ?? 'closed') === state ? 1 : 0,
    ]),
  );
}

function kinds(): readonly Row[] {
  const counts: Record<string, Record<string, number>> = {
    browsing: { success: 1, failure: 5, ignored: 1, rejected: 2 },
    parcels: { success: 1, failure: 1 },
    news: { success: 2, failure: 1 },
    pages: { success: 2 },
  };
  return BREAKERS.flatMap((name) =>
    ['success', 'failure', 'ignored', 'rejected', 'slow'].map((kind): Row => [
      { name, kind },
      counts[name]?.[kind] ?? 0,
    ]),
  );
}

/** What all metrics say after `playShop`, the histogram aside. */
export const SHOP_ROWS: Rows = {
  'resilience.calls': [
    [{ operation: 'Shop.buy', outcome: 'success' }, 2],
    [{ operation: 'Shop.buy', outcome: 'failure' }, 2],
    [{ operation: 'Shop.browse', outcome: 'success' }, 1],
    [{ operation: 'Shop.browse', outcome: 'failure' }, 6],
    [{ operation: 'Shop.browse', outcome: 'rejected' }, 2],
    [{ operation: 'Shop.pack', outcome: 'success' }, 1],
    [{ operation: 'Shop.pack', outcome: 'rejected' }, 1],
    [{ operation: 'Shop.ship', outcome: 'success' }, 2],
    [{ operation: 'Shop.ship', outcome: 'failure' }, 1],
    [{ operation: 'Shop.call', outcome: 'success' }, 1],
    [{ operation: 'Shop.stock', outcome: 'success' }, 1],
    [{ operation: 'Shop.stock', outcome: 'fallback' }, 2],
    [{ operation: 'Shop.pay', outcome: 'success' }, 2],
    [{ operation: 'Shop.track', outcome: 'success' }, 1],
    [{ operation: 'Shop.news', outcome: 'success' }, 2],
    [{ operation: 'Shop.news', outcome: 'failure' }, 1],
    [{ operation: 'Shop.pages', outcome: 'success' }, 2],
    [{ operation: 'by hand', outcome: 'success' }, 1],
    [{ operation: 'execute', outcome: 'success' }, 1],
  ],
  'resilience.retries': [
    [{ operation: 'Shop.buy' }, 4],
    [{ operation: 'Shop.track' }, 1],
    [{ operation: 'by hand' }, 1],
    [{ operation: 'execute' }, 1],
  ],
  'resilience.give_ups': [
    [{ operation: 'Shop.buy', reason: 'not-retryable' }, 1],
    [{ operation: 'Shop.buy', reason: 'exhausted' }, 1],
  ],
  // Two retries, each paid for and won; a first success pays a tenth in, which a full account does not hold.
  'resilience.retry_budget.tokens': [[{ budget: 'default' }, 10]],
  'resilience.circuit_breaker.state': states(),
  'resilience.circuit_breaker.calls': kinds(),
  'resilience.circuit_breaker.failure_rate': [
    [{ name: 'browsing' }, 5 / 6],
    [{ name: 'parcels' }, 1 / 2],
    [{ name: 'news' }, 1 / 3],
    [{ name: 'pages' }, 0],
    [{ name: 'resting' }, 0],
  ],
  'resilience.bulkhead.in_use': [[{ name: 'packing' }, 1]],
  'resilience.rate_limiter.available': [[{ name: 'shipping' }, 2]],
  'resilience.idempotency.requests': [
    [{ operation: 'Shop.pay', outcome: 'executed' }, 1],
    [{ operation: 'Shop.pay', outcome: 'replayed' }, 1],
  ],
};

/** The records of `resilience.call.duration` by operation: how many, and how many seconds in all. */
export const SHOP_DURATIONS: Readonly<Record<string, readonly [count: number, sumS: number]>> = {
  'Shop.buy': [4, 0.4],
  'Shop.browse': [9, 0],
  'Shop.pack': [2, 0],
  'Shop.ship': [3, 0],
  'Shop.call': [1, 0],
  'Shop.stock': [3, 0],
  'Shop.pay': [2, 0],
  'Shop.track': [1, 0.1],
  'Shop.news': [3, 0],
  'Shop.pages': [2, 0],
  'by hand': [1, 0.1],
  execute: [1, 0.1],
};

/** Rows in an order of their own, so that two lists can be compared. */
export function sorted(rows: Rows): Rows {
  const key = ([labels]: Row): string => JSON.stringify(Object.entries(labels).sort());
  const each = (list: readonly Row[]): Row[] =>
    list
      .map(([labels, value]): Row => [Object.fromEntries(Object.entries(labels).sort()), value])
      .sort((one, other) => (key(one) < key(other) ? -1 : 1));
  return Object.fromEntries(Object.entries(rows).map(([name, list]) => [name, each(list)]));
}
