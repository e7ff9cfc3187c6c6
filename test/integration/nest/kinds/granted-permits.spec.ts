import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { from, isObservable, lastValueFrom, type Observable } from 'rxjs';
import { CircuitBreaker, CircuitBreakerRegistry, TimeLimiter } from 'nestjs-selfheal';
import { Applications, Backend, outcomeOf } from '../../../support/nest-applications.js';

const KEYED = { key: () => 'eu' };
const TIMED = { slowCallDurationThreshold: '1s' } as const;

/** Types that are imported as types leave no trace: only the first call shows what these methods give. */
@Injectable()
class Quotes {
  backend = new Backend('S');

  @CircuitBreaker(KEYED)
  keyed(): Observable<string> {
    return from([this.backend.next()]);
  }

  @CircuitBreaker(TIMED)
  timed(): Observable<string> {
    return from([this.backend.next()]);
  }

  @CircuitBreaker(TIMED)
  @TimeLimiter('2s')
  limited(): Observable<string> {
    return from([this.backend.next()]);
  }

  @CircuitBreaker({ failureThreshold: 1 })
  probed(): Observable<string> {
    return from([this.backend.next()]);
  }

  @CircuitBreaker(KEYED)
  items(): AsyncIterable<string> {
    return this.iterate();
  }

  @CircuitBreaker(TIMED)
  plain(): Promise<string> {
    return this.backend.ask();
  }

  private async *iterate(): AsyncGenerator<string> {
    yield this.backend.next();
  }
}

describe('the kind of a method whose breaker remembers each of its calls', () => {
  const applications = new Applications();

  async function start(script = 'S') {
    const world = await applications.start({ providers: [Quotes] });
    const quotes = world.get(Quotes);
    quotes.backend = new Backend(script);
    const recorded = (method: string): number =>
      world.get(CircuitBreakerRegistry).get(`Quotes.${method}`).snapshot().recordedCalls;
    return { ...world, quotes, recorded };
  }

  it.each(['keyed', 'timed', 'limited'] as const)(
    'N15: an Observable from its first call on: %s',
    async (method) => {
      const { quotes, recorded } = await start();

      const first: unknown = quotes[method]();
      const before = recorded(method);

      expect([isObservable(first), before]).toEqual([true, 0]);
      expect(await lastValueFrom(first as Observable<string>)).toBe('S');
      expect(await lastValueFrom(quotes[method]())).toBe('S');
      expect([recorded(method), quotes.backend.runs]).toEqual([2, 2]);
    },
  );

  it('N15: a probe that only shows a stream gives its permit back', async () => {
    const { quotes, get, clock } = await start();
    const breaker = get(CircuitBreakerRegistry).get('Quotes.probed');
    await outcomeOf(() => breaker.execute(() => Promise.reject(new Error('down'))));
    await clock.advance(1_000);

    const shown: unknown = quotes.probed();
    const state = breaker.state;

    expect([isObservable(shown), state]).toEqual([true, 'half-open']);
    expect(await lastValueFrom(shown as Observable<string>)).toBe('S');
    expect(breaker.state).toBe('closed');
  });

  it('N15: an async iterable from its first call on', async () => {
    const { quotes, recorded } = await start();
    const items: string[] = [];

    for await (const item of quotes.items()) items.push(item);

    expect(items).toEqual(['S']);
    expect(recorded('items')).toBe(1);
  });

  it('N15: a promise counts from its first call on, failed or not', async () => {
    const { quotes, recorded } = await start('F,S');

    const { error } = await outcomeOf(() => quotes.plain());

    expect(error).toBe(quotes.backend.errors[0]);
    expect(await quotes.plain()).toBe('S');
    expect(recorded('plain')).toBe(2);
  });
});
