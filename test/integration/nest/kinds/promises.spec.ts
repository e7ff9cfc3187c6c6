import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { firstValueFrom, isObservable, of } from 'rxjs';
import {
  Bulkhead,
  BulkheadRegistry,
  CallContext,
  CircuitBreaker,
  CircuitBreakerRegistry,
  ResilienceExplorer,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

let backend: Backend;

beforeEach(() => {
  backend = new Backend('F,F,S');
});

@Injectable()
class Stock {
  @TimeLimiter(50)
  throwing(): Promise<string> {
    throw new Error('at once');
  }

  @Retryable(AT_ONCE)
  thenable(): Promise<string> {
    const { value, error } = attempt();
    const then = (resolve: (value: unknown) => void, reject: (error: unknown) => void): void =>
      error === undefined ? resolve(value) : reject(error);
    // A promise of another library: it has nothing but `then`.
    // oxlint-disable-next-line unicorn/no-thenable
    return { then } as unknown as Promise<string>;
  }

  @Retryable(AT_ONCE)
  async promised() {
    backend.next();
    return of('inside');
  }

  @Retryable(AT_ONCE)
  cast(): Promise<number> {
    return 7 as unknown as Promise<number>;
  }

  @Retryable(AT_ONCE)
  @Bulkhead({ maxConcurrentCalls: 100 })
  unknown() {
    return backend.ask();
  }

  @Retryable(AT_ONCE)
  @Bulkhead({ maxConcurrentCalls: 1, maxQueueSize: 1 })
  queued() {
    return backend.ask();
  }

  @TimeLimiter('1s')
  limited(@CallContext() call?: CallContext) {
    return Promise.resolve([call?.attempt, call?.remainingMs, this.nested()]);
  }

  @CircuitBreaker()
  @TimeLimiter('5s')
  nested(@CallContext() call?: CallContext) {
    return Promise.resolve(call?.remainingMs);
  }
}

function attempt(): { value?: string; error?: unknown } {
  try {
    return { value: backend.next() };
  } catch (error) {
    return { error };
  }
}

describe('methods that return a promise', () => {
  const applications = new Applications();

  async function start() {
    const world = await applications.start({ providers: [Stock] });
    return { ...world, stock: world.get(Stock) };
  }

  it('NI-32: a synchronous throw is a rejection, and leaves no timer', async () => {
    const { stock, clock } = await start();

    const answer = stock.throwing();
    const { error } = await outcomeOf(() => answer);

    expect(answer).toBeInstanceOf(Promise);
    expect(error).toMatchObject({ message: 'at once' });
    expect(clock.allTimers).toBe(0);
  });

  it('N16: a thenable is awaited once per attempt, and a native promise comes back', async () => {
    const { stock } = await start();

    const answer = stock.thenable();

    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toBe('S');
    expect(backend.runs).toBe(3);
  });

  it('N16: a promise of an Observable passes it on untouched', async () => {
    const { stock } = await start();

    const inside = await stock.promised();

    expect(isObservable(inside)).toBe(true);
    expect(await firstValueFrom(inside)).toBe('inside');
    expect(backend.runs).toBe(3);
  });

  it('N16: a plain value becomes a promise, with one warning', async () => {
    const world = await applications.start({ providers: [Stock] }, { logger: true });
    const stock = world.get(Stock);

    const answer = stock.cast();
    await stock.cast();

    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toBe(7);
    expect(applications.lines.own.filter((line) => line.includes('Stock.cast gave'))).toHaveLength(1);
  });

  it('N15: fifty calls at once learn the kind together and build one set of policies', async () => {
    const { stock, get } = await start();
    backend = new Backend('S');

    const answers = await Promise.all(Array.from({ length: 50 }, () => stock.unknown()));

    expect(answers).toEqual(Array.from({ length: 50 }, () => 'S'));
    expect(backend.runs).toBe(50);
    expect(
      get(BulkheadRegistry)
        .names()
        .filter((name) => name.startsWith('Stock.unknown')),
    ).toEqual(['Stock.unknown']);
    expect(get(BulkheadRegistry).get('Stock.unknown').snapshot().inUse).toBe(0);
  });

  it('N15: the first call of an unknown kind is a full call: it is retried', async () => {
    const { stock, events } = await start();

    expect(await stock.unknown()).toBe('S');
    expect(events.kinds).toEqual(['retry.scheduled', 'retry.scheduled', 'retry.recovered']);
  });

  it('N15: a call that has to wait before the kind is known gets a promise of its own answer', async () => {
    const { stock, get } = await start();
    backend = new Backend('a,b');

    const answers = [stock.queued(), stock.queued()];
    const { queued } = get(BulkheadRegistry).get('Stock.queued').snapshot();

    expect(queued).toBe(1);
    expect(await Promise.all(answers)).toEqual(['a', 'b']);
  });

  it('N15: the first call of an unknown kind has its deadline, and a call inside it the earlier of the two', async () => {
    const { stock } = await start();

    const first = await stock.limited();
    const second = await stock.limited();

    expect([first[0], first[1], await first[2]]).toEqual([1, 1_000, 1_000]);
    expect([second[0], second[1], await second[2]]).toEqual([1, 1_000, 1_000]);
  });

  it('N14: the kind is described as far as it is known', async () => {
    const { stock, get } = await start();
    const kindOf = (operation: string) =>
      get(ResilienceExplorer)
        .describe()
        .find((method) => method.operation === operation)?.kind;

    const before = [kindOf('Stock.promised'), kindOf('Stock.throwing')];
    await stock.unknown();

    expect(before).toEqual(['promise', 'promise']);
    expect(kindOf('Stock.unknown')).toBe('promise');
    expect(get(CircuitBreakerRegistry).names()).toContain('Stock.nested');
  });
});
