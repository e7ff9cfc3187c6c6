import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { filter, map, take } from 'rxjs';
import {
  CircuitBreaker,
  CircuitBreakerOpenError,
  CircuitBreakerRegistry,
  BulkheadRegistry,
  Fallback,
  RateLimiterRegistry,
  ResilienceEvents,
  ResilienceService,
  Retryable,
  RetryBudgetRegistry,
} from 'nestjs-selfheal';
import { EventRecorder } from 'nestjs-selfheal/testing';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

let backend: Backend;

beforeEach(() => {
  backend = new Backend('F');
});

@Injectable()
class Shop {
  @Retryable(AT_ONCE)
  buy(): Promise<string> {
    return backend.ask();
  }

  @CircuitBreaker('shop')
  browse(): Promise<string> {
    return backend.ask();
  }
}

describe('events', () => {
  const applications = new Applications();
  const start = () => applications.start({ providers: [Shop] });

  it('CP-27: one event per thing that happened, and no others', async () => {
    const { get, events, clock } = await start();

    for (const script of ['S', 'F,F,S', 'F404', 'F,F,F']) {
      backend = new Backend(script);
      await outcomeOf(() => get(Shop).buy());
    }

    expect(events.counts()).toEqual({ 'retry.scheduled': 4, 'retry.recovered': 1, 'retry.gave-up': 2 });
    expect(events.of('retry.gave-up').map(({ reason }) => reason)).toEqual(['not-retryable', 'exhausted']);
    expect(new Set(events.all.map(({ operation }) => operation))).toEqual(new Set(['Shop.buy']));
    expect(new Set(events.all.map(({ timestampMs }) => timestampMs))).toEqual(new Set([clock.wallMs()]));
  });

  it('CP-28: a subscriber that throws changes nothing, nor does one behind operators', async () => {
    const { get, events } = await start();
    backend = new Backend('F,S');
    const stream = get(ResilienceEvents);
    const fail = (): never => {
      throw new Error('a bad subscriber');
    };
    stream.subscribe(fail);
    stream.subscribe({ next: fail });
    stream.pipe(filter(() => true)).subscribe(fail);
    stream.pipe(map(fail)).subscribe();
    const later = new EventRecorder(stream);

    expect(await get(Shop).buy()).toBe('S');
    expect(later.kinds).toEqual(['retry.scheduled', 'retry.recovered']);
    expect(events.kinds).toEqual(later.kinds);
  });

  it('P9: whoever leaves the stream, through operators too, is told nothing more', async () => {
    const { get } = await start();
    const heard: string[] = [];
    get(ResilienceEvents)
      .pipe(take(1))
      .subscribe(({ kind }) => heard.push(kind));
    const subscription = get(CircuitBreakerRegistry).events$.subscribe(({ kind }) => heard.push(kind));

    await outcomeOf(() => get(Shop).buy());
    subscription.unsubscribe();
    for (let call = 0; call < 6; call += 1) await outcomeOf(() => get(Shop).browse());

    expect(heard).toEqual(['retry.scheduled']);
  });

  it('N33: completes when the application has closed, and at once for who comes later', async () => {
    const { app, get } = await start();
    const stream = get(ResilienceEvents);
    const ends: string[] = [];
    stream.subscribe({ complete: () => ends.push('stream') });
    get(CircuitBreakerRegistry).events$.subscribe({ complete: () => ends.push('registry') });

    await app.close();
    stream.subscribe({ complete: () => ends.push('late') });

    expect(ends).toEqual(['stream', 'registry', 'late']);
  });
});

describe('registries', () => {
  const applications = new Applications();

  it('CB-41: get throws and names the known ones, find is undefined', async () => {
    const { get } = await applications.start({ providers: [Shop] }, { circuitBreakers: { db: {} } });
    const registry = get(CircuitBreakerRegistry);

    expect(() => registry.get('nope')).toThrow(/nope.*shop, db/);
    expect(registry.find('nope')).toBeUndefined();
    expect(registry.names()).toEqual(['shop', 'db']);
    expect(registry.list().map(({ name, state }) => [name, state])).toEqual([
      ['shop', 'closed'],
      ['db', 'closed'],
    ]);
  });

  it('CB-42: execute follows the same rules as the decorator', async () => {
    const { get, events } = await applications.start({ providers: [Shop] });
    const breaker = get(CircuitBreakerRegistry).getOrCreate('by hand');

    for (let call = 0; call < 5; call += 1) await outcomeOf(() => breaker.execute(() => backend.ask()));
    const sixth = await outcomeOf(() => breaker.execute(() => backend.ask()));

    expect(sixth.error).toBeInstanceOf(CircuitBreakerOpenError);
    expect(backend.runs).toBe(5);
    expect(events.kinds).toEqual(['circuit-breaker.state-changed', 'circuit-breaker.rejected']);
    expect(breaker.tryAcquire()).toBeUndefined();
  });

  it('getOrCreate lays options to those that others gave, and refuses another value', async () => {
    const { get } = await applications.start({ providers: [Shop] });
    const registry = get(CircuitBreakerRegistry);

    const shop = registry.getOrCreate('shop', { failureThreshold: 1 });
    await outcomeOf(() => get(Shop).browse());

    expect(shop).toBe(registry.get('shop'));
    expect(shop.state).toBe('open');
    expect(() => registry.getOrCreate('shop', { failureThreshold: 2 })).toThrow(/failureThreshold.*shop/);
  });

  it('all four have the same shape', async () => {
    const { get } = await applications.start(
      { providers: [Shop] },
      {
        bulkheads: { db: { maxConcurrentCalls: 1 } },
        rateLimiters: { db: { limit: 1, window: '1s' } },
        retryBudgets: { db: {} },
      },
    );
    const registries = [get(BulkheadRegistry), get(RateLimiterRegistry), get(RetryBudgetRegistry)] as const;

    for (const registry of registries) {
      expect(registry.names()).toContain('db');
      expect(registry.find('nope')).toBeUndefined();
      expect(() => registry.get('nope')).toThrow(/nope.*db/);
      expect(registry.getOrCreate('db')).toBe(registry.get('db'));
      expect(registry.list().map(({ name }) => name)).toContain('db');
      expect(typeof registry.events$.subscribe).toBe('function');
    }
  });

  it('events$ tells what its own kind of policy tells', async () => {
    const { get } = await applications.start({ providers: [Shop] }, { retryBudget: { capacity: 1 } });
    const heard: string[] = [];
    get(BulkheadRegistry).events$.subscribe(({ kind }) => heard.push(kind));
    get(RateLimiterRegistry).events$.subscribe(({ kind }) => heard.push(kind));
    get(RetryBudgetRegistry).events$.subscribe(({ kind }) => heard.push(kind));
    const service = get(ResilienceService);
    const retried = { ...AT_ONCE, budget: 'default' };

    await outcomeOf(() => service.execute({ bulkhead: 1 }, () => service.execute({ bulkhead: 1 }, () => 1)));
    await outcomeOf(() => service.execute(retried, () => backend.ask()));

    expect(heard).toEqual(['bulkhead.rejected', 'budget.refused']);
  });
});

describe('what is logged', () => {
  const applications = new Applications();

  it('one line for each change of state, none for a call', async () => {
    const { get, clock } = await applications.start({ providers: [Shop] }, { logger: true });
    backend = new Backend('F,F,F,F,F,S');
    for (let call = 0; call < 8; call += 1) await outcomeOf(() => get(Shop).browse());
    await clock.advance(1_000);
    await get(Shop).browse();

    const told = applications.lines.own.filter((line) => line.includes('circuit breaker "shop"'));

    expect(told.map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'warn Resilience: circuit breaker "shop": closed → open',
      'log Resilience: circuit breaker "shop": open → half-open',
      'log Resilience: circuit breaker "shop": half-open → closed',
    ]);
    expect(told[0]).toContain('probes after 1000 ms');
  });

  it('a callback that throws is told', async () => {
    const { get } = await applications.start({ providers: [Shop] }, { logger: true });
    get(ResilienceEvents).subscribe(() => {
      throw new Error('no room');
    });

    await outcomeOf(() => get(Shop).buy());

    expect(applications.lines.own.filter((line) => line.includes('no room')).length).toBeGreaterThan(0);
  });

  it('nothing with logger: false', async () => {
    const { get } = await applications.start({ providers: [Shop] }, { logger: false });

    for (let call = 0; call < 8; call += 1) await outcomeOf(() => get(Shop).browse());

    expect(applications.lines.own).toEqual([]);
  });
});

const AT_FULL = { type: 'exponential', initialDelay: 1_000, jitter: 'none' } as const;

@Injectable()
class Rates {
  answers: (() => string)[] = [];
  runsAt: number[] = [];
  nowMs = (): number => 0;

  @Fallback({ lastGood: { maxAge: '5m' } })
  @Retryable({ maxAttempts: 3, backoff: AT_FULL })
  @CircuitBreaker({ failureThreshold: 5, waitDurationInOpenState: '30s' })
  async current(): Promise<string> {
    const atMs = this.nowMs();
    this.runsAt.push(atMs / 1_000);
    if (atMs >= 46_000) return 'v2';
    if (atMs < 1_000) return 'v1';
    throw Object.assign(new Error('down'), { status: 503 });
  }
}

describe('the healing loop', () => {
  const applications = new Applications();

  it('CP-31: detect, retry, open, serve the last good value, probe, close', async () => {
    const { get, clock, events } = await applications.start({ providers: [Rates] });
    const rates = get(Rates);
    rates.nowMs = () => clock.nowMs();
    const told: [number, unknown, number][] = [];
    const callAt = async (seconds: number): Promise<void> => {
      await clock.advanceTo(seconds * 1_000);
      void outcomeOf(() => rates.current()).then(({ value }) =>
        told.push([seconds, value, clock.nowMs() / 1_000]),
      );
    };

    for (const seconds of [0, 1, 4, 10, 20, 35, 50, 65]) await callAt(seconds);
    await clock.runAll();

    expect(rates.runsAt).toEqual([0, 1, 2, 4, 4, 5, 35, 65]);
    expect(told).toEqual([
      [0, 'v1', 0],
      [1, 'v1', 4],
      [4, 'v1', 7],
      [10, 'v1', 10],
      [20, 'v1', 20],
      [35, 'v1', 36],
      [50, 'v1', 50],
      [65, 'v2', 65],
    ]);
    expect(events.counts()).toMatchObject({
      'retry.scheduled': 5,
      'retry.gave-up': 6,
      'circuit-breaker.state-changed': 5,
      'circuit-breaker.rejected': 5,
      'fallback.served': 6,
    });
    expect(events.of('budget.refused')).toEqual([]);
    const start = clock.wallMs() - clock.nowMs();
    const changes = events.of('circuit-breaker.state-changed');
    expect(changes.map(({ to, timestampMs }) => [to, (timestampMs - start) / 1_000])).toEqual([
      ['open', 5],
      ['half-open', 35],
      ['open', 35],
      ['half-open', 65],
      ['closed', 65],
    ]);
    expect(events.of('retry.gave-up').map(({ reason }) => reason)).toEqual([
      'exhausted',
      ...Array.from({ length: 5 }, () => 'not-retryable'),
    ]);
  });
});
