import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { defer, firstValueFrom, NEVER, Observable, of } from 'rxjs';
import {
  Bulkhead,
  BulkheadRegistry,
  CallContext,
  CircuitBreaker,
  CircuitBreakerRegistry,
  ResilienceEvents,
  Retryable,
  RetryBudgetRegistry,
  TimeLimiter,
  TimeoutExceededError,
} from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

const FIXED = { type: 'fixed', initialDelay: 0, jitter: 'none' } as const;
const context = new AsyncLocalStorage<string>();
let backend: Backend;
let seen: (string | undefined)[] = [];

beforeEach(() => {
  backend = new Backend('F');
  seen = [];
});

const see = (): void => void seen.push(context.getStore());

@Injectable()
class Service {
  hangs = 1;
  signals: boolean[] = [];

  @Retryable(AT_ONCE)
  @Bulkhead(1)
  retried(): Promise<string> {
    return backend.ask();
  }

  @TimeLimiter(50)
  @Bulkhead({ maxConcurrentCalls: 1, maxQueueSize: 5 })
  queued(work: () => Promise<string>): Promise<string> {
    return work();
  }

  @Bulkhead(1)
  stream(): Observable<string> {
    return NEVER;
  }

  @TimeLimiter(50)
  hangsOnce(_key: string): Promise<string> {
    this.hangs -= 1;
    return this.hangs >= 0 ? new Promise(() => undefined) : Promise.resolve('there');
  }

  @CircuitBreaker('hanging')
  @TimeLimiter(100)
  hanging(@CallContext() call?: CallContext): Promise<string> {
    call?.signal.addEventListener('abort', () => this.signals.push(true));
    return new Promise(() => undefined);
  }

  @Retryable({
    ...AT_ONCE,
    backoff: { ...FIXED, initialDelay: 100 },
    onRetry: see,
    onGiveUp: see,
    onRecovered: see,
  })
  streamed(): Observable<string> {
    see();
    return defer(() => {
      see();
      return of(backend.next());
    });
  }
}

describe('limits under load', () => {
  const applications = new Applications();

  async function start() {
    const world = await applications.start({ providers: [Service] });
    return { ...world, service: world.get(Service), bulkheads: world.get(BulkheadRegistry) };
  }

  it('NI-51: a hundred failing calls leave the one slot free', async () => {
    const { service, bulkheads } = await start();

    for (let call = 0; call < 100; call += 1) await outcomeOf(() => service.retried());

    expect(backend.runs).toBe(300);
    expect(bulkheads.get('Service.retried').snapshot()).toMatchObject({ inUse: 0, maxConcurrentCalls: 1 });
  });

  it('NI-51: a queued call whose time limit has passed never runs', async () => {
    const { service, clock, bulkheads } = await start();
    let finish = (_value: string): void => undefined;
    let runs = 0;
    const first = outcomeOf(() =>
      service.queued(() => {
        runs += 1;
        return new Promise((resolve) => {
          finish = resolve;
        });
      }),
    );
    const second = outcomeOf(() => service.queued(async () => String((runs += 1))));

    await clock.advance(50);
    const held = bulkheads.get('Service.queued').snapshot();
    finish('late');
    await clock.settle();

    expect((await first).error).toBeInstanceOf(TimeoutExceededError);
    expect((await second).error).toBeInstanceOf(TimeoutExceededError);
    expect(held).toMatchObject({ inUse: 1, queued: 0 });
    expect(bulkheads.get('Service.queued').snapshot()).toMatchObject({ inUse: 0, queued: 0 });
    expect(runs).toBe(1);
  });

  it('NI-51: a stream that is left a hundred times before its first value holds no slot', async () => {
    const { service, bulkheads } = await start();

    for (let call = 0; call < 100; call += 1) service.stream().subscribe().unsubscribe();

    expect(bulkheads.get('Service.stream').snapshot().inUse).toBe(0);
  });

  it('NI-54: a call that hung does not stand in the way of the next with the same arguments', async () => {
    const { service, clock } = await start();
    const hung = outcomeOf(() => service.hangsOnce('a'));
    await clock.advance(50);

    expect((await hung).error).toBeInstanceOf(TimeoutExceededError);
    expect(await service.hangsOnce('a')).toBe('there');
    expect(clock.allTimers).toBe(0);
  });

  it('CB-14: five calls that hang open the breaker, and each is told so by its signal', async () => {
    const { service, clock, get } = await start();
    const calls = Array.from({ length: 5 }, () => outcomeOf(() => service.hanging()));

    await clock.advance(100);

    const errors = (await Promise.all(calls)).map(({ error }) => error);
    expect(errors.every((error) => error instanceof TimeoutExceededError)).toBe(true);
    expect(service.signals).toHaveLength(5);
    expect(get(CircuitBreakerRegistry).get('hanging').state).toBe('open');
  });

  it('N31: a stream, its hooks and its listeners stay in the context of who subscribed', async () => {
    const { service, clock, get } = await start();
    backend = new Backend('F,S');
    const told: unknown[] = [];
    get(ResilienceEvents).subscribe(() => told.push(context.getStore()));

    const value = context.run('alice', () => firstValueFrom(service.streamed()));
    await context.run('the clock', () => clock.advance(100));

    expect(await value).toBe('S');
    expect(seen).toEqual(Array.from({ length: 6 }, () => 'alice'));
    expect(told).toEqual(['alice', 'alice']);
  });

  it('N31: hooks of a stream that ends during its delay stay in the context of who subscribed', async () => {
    const { service, clock, app } = await start();

    const ended = context.run('alice', () => outcomeOf(() => firstValueFrom(service.streamed())));
    await clock.settle();
    await context.run('the closing', () => app.close());

    expect((await ended).error).toBe(backend.errors[0]);
    expect(seen).toEqual(Array.from({ length: 4 }, () => 'alice'));
  });
});

/** A service that calls the one inside it, three attempts each. */
@Injectable()
class Inner {
  @Retryable({ backoff: FIXED })
  call(): Promise<string> {
    return backend.ask();
  }
}

@Injectable()
class Middle {
  constructor(private readonly inner: Inner) {}

  @Retryable({ backoff: FIXED })
  call(): Promise<string> {
    return this.inner.call();
  }
}

@Injectable()
class Outer {
  constructor(private readonly middle: Middle) {}

  @Retryable({ backoff: FIXED })
  call(): Promise<string> {
    return this.middle.call();
  }
}

@Injectable()
class Reports {
  @Retryable({ backoff: FIXED, budget: 'reports' })
  named(): Promise<string> {
    return backend.ask();
  }

  @Retryable({ backoff: FIXED, budget: false })
  free(): Promise<string> {
    return backend.ask();
  }
}

@Module({ providers: [Inner, Middle, Outer, Reports] })
class NestedModule {}

describe('the retry budget of an application', () => {
  const applications = new Applications();
  const options = { retryBudgets: { reports: {} } };
  const start = () => applications.start({ imports: [NestedModule] }, options);

  it('NI-53: with two tokens left, three layers of three attempts are at most three executions', async () => {
    const { get } = await start();
    const budget = get(RetryBudgetRegistry).get();
    for (let token = 0; token < 8; token += 1) budget.tryTake();

    await outcomeOf(() => get(Outer).call());

    expect(backend.runs).toBeLessThanOrEqual(3);
    expect(budget.snapshot().balance).toBe(0);
  });

  it('NI-53: an empty budget refuses no first call', async () => {
    const { get, events } = await start();
    const budget = get(RetryBudgetRegistry).get();
    while (budget.tryTake());
    backend = new Backend('S');

    for (let call = 0; call < 1_000; call += 1) await get(Outer).call();

    expect(backend.runs).toBe(1_000);
    expect(events.all).toEqual([]);
  });

  it('BS-13: the default budget is one for all methods of an application, and for no other', async () => {
    const { get, events } = await start();
    const other = await start();
    for (let call = 0; call < 5; call += 1) await outcomeOf(() => get(Inner).call());
    const used = backend.runs - 5;

    backend = new Backend('F');
    await outcomeOf(() => get(Middle).call());
    const inOne = backend.runs;
    backend = new Backend('F');
    await outcomeOf(() => get(Reports).named());
    await outcomeOf(() => get(Reports).free());
    await outcomeOf(() => other.get(Inner).call());

    expect(used).toBe(10);
    expect(inOne).toBe(1);
    expect(backend.runs).toBe(9);
    expect(new Set(events.of('budget.refused').map((event) => event.budget))).toEqual(new Set(['default']));
  });
});
