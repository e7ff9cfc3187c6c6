import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Bulkhead,
  CircuitBreaker,
  Fallback,
  Idempotent,
  type IdempotencyOptions,
  MemoryIdempotencyStore,
  ResilienceEvents,
  type ResilienceLogLevels,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { ResilienceRuntime } from '../../../../lib/nest/index.js';
import { Applications, AT_ONCE, Backend, outcomeOf, type World } from '../../../support/nest-applications.js';

let backend = new Backend('F');

@Injectable()
class Shop {
  @Retryable({ ...AT_ONCE, maxAttempts: 2 })
  buy(): Promise<string> {
    return backend.ask();
  }

  @Retryable({ ...AT_ONCE, budget: 'small' })
  order(): Promise<string> {
    return backend.ask();
  }

  @CircuitBreaker({ name: 'shop', failureThreshold: 1, waitDurationInOpenState: '5s' })
  browse(): Promise<string> {
    return backend.ask();
  }

  @CircuitBreaker({ name: 'hosts', failureThreshold: 1, key: (host) => String(host) })
  ask(_host: string): Promise<string> {
    return backend.ask();
  }

  @Bulkhead({ name: 'packing', maxConcurrentCalls: 1 })
  pack(): Promise<never> {
    return new Promise(() => undefined);
  }

  @TimeLimiter('2s')
  ship(): Promise<never> {
    return new Promise(() => undefined);
  }

  @Fallback({ value: 'none' })
  stock(): Promise<string> {
    return backend.ask();
  }

  @Idempotent({ key: () => 'one' })
  async pay(order: string): Promise<string> {
    return order;
  }
}

class TablelessStore extends MemoryIdempotencyStore {
  override begin(): Promise<never> {
    return Promise.reject(new Error('relation "idempotency" does not exist'));
  }
}

describe('what is logged', () => {
  const applications = new Applications();

  beforeEach(() => {
    backend = new Backend('F');
  });

  const start = (
    logger: true | ResilienceLogLevels = true,
    idempotency: IdempotencyOptions = {},
  ): Promise<World> => {
    const retryBudgets = { small: { capacity: 1, minRetriesPerSecond: 0 } };
    return applications.start({ providers: [Shop] }, { logger, alerts: false, retryBudgets, idempotency });
  };

  /** What was told since the boot, and since the last time that it was asked for. */
  const told = (): readonly string[] => {
    const own = applications.lines.own.filter((line) => !isOfBoot(line));
    applications.lines.lines.length = 0;
    return own.map((line) => line.replace(' Resilience:', ''));
  };

  const isOfBoot = (line: string): boolean =>
    line.startsWith('debug Resilience: Shop.') && /^debug Resilience: Shop\.\w+: [a-zA-Z →]+$/.test(line);

  const times = async (count: number, call: () => unknown): Promise<void> => {
    for (let index = 0; index < count; index += 1) await outcomeOf(call);
  };

  it('nothing of calls that succeed', async () => {
    const { get } = await start();
    backend = new Backend('S');

    await times(50, () => get(Shop).buy());
    await times(50, () => get(Shop).browse());

    expect(told()).toEqual([]);
  });

  it('each kind of trouble in one line on the level of its severity', async () => {
    const { get, clock } = await start();
    const shop = get(Shop);
    const lines: string[] = [];
    const tellOf = async (call: () => unknown): Promise<void> => {
      await outcomeOf(call);
      lines.push(...told());
    };

    await tellOf(() => shop.buy());
    await tellOf(() => shop.order());
    await tellOf(() => shop.browse());
    void shop.pack();
    await tellOf(() => shop.pack());
    await tellOf(() => shop.stock());
    await tellOf(() => shop.pay('one').then(() => shop.pay('another')));
    const late = outcomeOf(() => shop.ship());
    await clock.advance(2_000);
    await tellOf(() => late);

    expect(lines).toEqual([
      'warn Shop.buy: given up after 2 attempts (exhausted): Error: status 503',
      'warn retry budget "small" is empty: Shop.order and others are not retried',
      'warn circuit breaker "shop": closed → open (100 % of calls failed, probes after 5000 ms)',
      'warn bulkhead "packing" is full: Shop.pack is refused',
      'log Shop.stock: its fallback answers (value): Error: status 503',
      'warn Shop.pay: a key came again with another payload',
      'warn Shop.ship: its attempt limit of 2000 ms has passed',
    ]);
  });

  it('why a store of idempotency fails, which nobody else tells an operator', async () => {
    const { get } = await start(true, { store: new TablelessStore() });

    await times(3, () => get(Shop).pay('one'));

    expect(told()).toEqual([
      'error Shop.pay: the idempotency store fails to begin: Error: relation "idempotency" does not exist',
    ]);
  });

  it('never a line per call: what comes again is told once per window, which grows', async () => {
    const { get, clock } = await start();
    const fail = (): Promise<void> => times(250, () => get(Shop).buy());
    const fact = 'warn Shop.buy: given up after 2 attempts (exhausted): Error: status 503';

    await fail();
    expect(told()).toEqual([fact]);
    await clock.advance(9_999);
    await fail();
    expect(told()).toEqual([]);
    await clock.advance(1);
    expect(told()).toEqual([`${fact} (499 more within 10 s)`]);

    await fail();
    await clock.advance(19_999);
    expect(told()).toEqual([]);
    await clock.advance(1);
    expect(told()).toEqual([`${fact} (250 more within 20 s)`]);
  });

  it('a window in which nothing came ends it: what comes later is new', async () => {
    const { get, clock } = await start();
    await times(1, () => get(Shop).buy());
    await clock.advance(10_000);
    told();

    await times(2, () => get(Shop).buy());

    expect(told()).toHaveLength(1);
    expect(clock.allTimers).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('windows grow up to five minutes', async () => {
    const { get, clock } = await start();
    const ends: number[] = [];

    for (let second = 0; second < 1_500; second += 1) {
      await outcomeOf(() => get(Shop).buy());
      await clock.advance(1_000);
      if (told().some((line) => line.includes('more within'))) ends.push(second + 1);
    }

    expect(ends).toEqual([10, 30, 70, 150, 310, 610, 910, 1_210]);
  });

  it('a breaker that opens and closes is told each time; probes in vain are told together', async () => {
    const { get, clock } = await start();
    backend = new Backend('F,F,F,S,F');
    for (let round = 0; round < 5; round += 1) {
      await outcomeOf(() => get(Shop).browse());
      await clock.advance(5_000);
    }

    const kept = told().map((line) => line.replace(/circuit breaker "shop": | \(\d+ % of[^)]*\)/g, ''));

    expect(kept).toEqual([
      'warn closed → open',
      'log open → half-open',
      'warn half-open → open',
      'log open → half-open (1 more within 10 s)',
      'warn half-open → open (1 more within 10 s)',
      'log half-open → closed',
      'warn closed → open',
    ]);
  });

  it('a breaker of many keys does not tell of each', async () => {
    const { get, clock } = await start();

    for (let host = 0; host < 100; host += 1) await outcomeOf(() => get(Shop).ask(`host ${host}`));
    await clock.advance(10_000);

    const lines = told();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^warn circuit breaker "hosts" \(one of its keys\): closed → open/);
    expect(lines[1]).toMatch(/\(99 more within 10 s\)$/);
  });

  it('what is a permanent answer, or told elsewhere, is not told as given up', async () => {
    const { get } = await start();
    backend = new Backend('F404');

    await times(3, () => get(Shop).buy());

    expect(told()).toEqual([]);
  });

  it('can be turned down, and up, by kind of event', async () => {
    const { get } = await start({
      'retry.gave-up': false,
      'circuit-breaker.state-changed': 'debug',
      'retry.scheduled': 'verbose',
    });
    applications.lines.lines.length = 0;

    await times(3, () => get(Shop).buy());
    await outcomeOf(() => get(Shop).browse());

    expect(told()).toEqual([expect.stringMatching(/^debug circuit breaker "shop": closed → open/)]);
  });

  it('asks for no event that it does not tell', async () => {
    const { get, events } = await start({ 'bulkhead.rejected': false, 'hedge.launched': 'debug' });
    events.stop();
    const hub = get(ResilienceRuntime).events;

    expect(hub.isAwaited('budget.refused')).toBe(true);
    expect(hub.isAwaited('hedge.launched')).toBe(true);
    expect(hub.isAwaited('bulkhead.rejected')).toBe(false);
    expect(hub.isAwaited('circuit-breaker.rejected')).toBe(false);
    expect(hub.isAwaited('retry.scheduled')).toBe(false);
    expect(hub.isAwaited('idempotency.executed')).toBe(false);
  });

  it.each<[unknown, RegExp]>([
    [{ 'retry.gaveup': false }, /resilience\.logger\.retry\.gaveup is not an option/],
    [
      { 'retry.gave-up': true },
      /resilience\.logger\['retry\.gave-up'\] must be one of 'error', 'warn', 'log'/,
    ],
    [1, /resilience\.logger must be true or false, got 1/],
  ])('refuses %j at boot', async (logger, message) => {
    // As JavaScript can write it.
    await expect(start(logger as ResilienceLogLevels)).rejects.toThrow(message);
  });

  it('a message that somebody else wrote cannot forge a line, and is cut off', async () => {
    const { get } = await start();
    const error = new Error(`down\r\nERROR forged \u001B[31m \u202Etxt ${'x'.repeat(10_000)}`);
    const ask = async (): Promise<string> => {
      throw error;
    };
    backend = Object.assign(new Backend('F'), { ask });

    await outcomeOf(() => get(Shop).buy());

    const [line = ''] = told();
    expect(line).toMatch(/^warn Shop\.buy: given up .*: Error: down ERROR forged {2}\[31m {2}txt x+…$/);
    expect(line.length).toBeLessThan(320);
  });

  it('callbacks that throw again and again are told together', async () => {
    const { get, clock } = await start();
    get(ResilienceEvents).subscribe(() => {
      throw new Error('no room');
    });

    await times(20, () => get(Shop).browse());
    await clock.advance(10_000);

    const ofCallback = told().filter((line) => line.includes('no room'));
    expect(ofCallback).toEqual([
      'warn a subscriber of ResilienceEvents threw and was ignored: no room',
      'warn a subscriber of ResilienceEvents threw and was ignored: no room (19 more within 10 s)',
    ]);
  });

  it('what was counted is told when the application closes, and no timer is left', async () => {
    const { app, get, clock } = await start();
    await times(3, () => get(Shop).buy());
    told();

    await app.close();

    expect(told()).toEqual([expect.stringMatching(/given up .* \(2 more within 10 s\)$/)]);
    expect(clock.allTimers).toBe(0);
  });
});
