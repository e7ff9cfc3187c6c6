import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { Refusal, Turn } from '../../../../lib/core/rule.js';
import {
  RateLimitExceededError,
  type RateLimiterOptions,
  RateLimiterRule,
  resolveRateLimiterOptions,
} from '../../../../lib/policies/rate-limiter/index.js';
import { callWith, GateLog, ruleWorld } from '../../../support/rule-world.js';

const resolve = (options: RateLimiterOptions) => resolveRateLimiterOptions('Orders.place', options);

function limiterOf(options: RateLimiterOptions) {
  const world = ruleWorld();
  const { environment, clock } = world;
  const rule = new RateLimiterRule({ name: 'mail', options: resolve(options), environment });
  const log = new GateLog(rule, clock);
  /** Calls at these times, one after the other, named by their number from 1. */
  const askAt = async (...timesMs: readonly number[]) => {
    for (const [index, atMs] of timesMs.entries()) {
      await clock.advanceTo(atMs);
      log.ask(String(index + 1));
    }
  };
  return { ...world, rule, log, askAt };
}

const retryAfter = (log: GateLog, name: string) =>
  (log.errors.get(name) as RateLimitExceededError).retryAfterMs;
const names = (howMany: number) => Array.from({ length: howMany }, (_, index) => String(index + 1));

describe('RateLimiterRule, rolling', () => {
  it('LM-24: lets as many start in any window, and says when the next one may', async () => {
    const { log, askAt } = limiterOf({ limit: 3, window: 1000 });

    await askAt(0, 100, 200, 300, 1000, 1001);

    expect(log.started).toEqual(['1', '2', '3', '5']);
    expect([retryAfter(log, '4'), retryAfter(log, '6')]).toEqual([700, 99]);
  });

  it('LM-24: refuses with an error that says who and how long, without a stack, and tells of it', () => {
    const { log, events } = limiterOf({ limit: 1, window: 1000 });

    log.askAll('1', '2');

    const error = log.errors.get('2');
    expect(error).toBeInstanceOf(RateLimitExceededError);
    expect(error).toMatchObject({
      code: 'RESILIENCE_RATE_LIMIT_EXCEEDED',
      policy: 'mail',
      retryAfterMs: 1000,
    });
    expect(error?.message).toBe('Orders.place: rate limiter "mail" has no permit for 1000 ms');
    expect(error?.stack).not.toContain('    at ');
    expect(events.all).toMatchObject([{ kind: 'rate-limiter.rejected', policy: 'mail', retryAfterMs: 1000 }]);
  });

  it('LM-29: a refused call uses nothing', async () => {
    const { log, askAt } = limiterOf({ limit: 1, window: 1000 });

    await askAt(0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000);

    expect(log.started).toEqual(['1', '11']);
  });

  it('LM-31: those behind an aborted waiter move up', async () => {
    const { log, clock } = limiterOf({ limit: 1, window: 1000, maxWaitDuration: '5s' });
    log.askAll('A', 'B', 'C');

    await clock.advanceTo(500);
    log.leave('B');
    await clock.advanceTo(5000);

    expect(log.lines).toEqual(['A: starts at 0', 'C: starts at 1000']);
    expect(clock.allTimers).toBe(0);
  });

  it('lets a line that is longer than the limit start window by window', async () => {
    const { log, clock } = limiterOf({ limit: 2, window: 1000, maxWaitDuration: '2s' });
    await clock.advanceTo(100);
    log.ask('1');
    await clock.advanceTo(400);

    log.askAll('2', '3', '4', '5', '6', '7');
    await clock.runAll();

    expect(log.lines).toEqual([
      '1: starts at 100',
      '2: starts at 400',
      '7: refused at 400',
      '3: starts at 1100',
      '4: starts at 1400',
      '5: starts at 2100',
      '6: starts at 2400',
    ]);
    expect(retryAfter(log, '7')).toBe(2700);
  });

  it('rounds the wait up, and a call after just that wait passes', async () => {
    const { log, clock } = limiterOf({ limit: 1, window: 10.1 });
    await clock.advanceTo(0.35);
    log.ask('1');
    await clock.advanceTo(0.7);
    log.ask('2');

    await clock.advance(retryAfter(log, '2'));
    log.ask('3');

    expect(retryAfter(log, '2')).toBe(10);
    expect(log.started).toEqual(['1', '3']);
  });

  it('tells no millisecond too much where the difference of two times is a hair above a whole number', async () => {
    const { log, clock } = limiterOf({ limit: 1, window: 30 });
    const third = 1 / 3;
    for (let step = 0; step < 7; step += 1) await clock.advance(third);
    log.ask('1');
    for (let step = 0; step < 3; step += 1) await clock.advance(third);
    log.ask('2');

    await clock.advance(retryAfter(log, '2'));
    log.ask('3');

    expect(retryAfter(log, '2')).toBe(29);
    expect(log.started).toEqual(['1', '3']);
  });
});

describe('RateLimiterRule, fixed', () => {
  it('LM-25: each window from the first use on has its own permits', async () => {
    const { log, askAt } = limiterOf({ limit: 3, window: 1000, type: 'fixed' });

    await askAt(0, 900, 900, 950, 1000, 1000, 1000, 1000);

    expect(log.started).toEqual(['1', '2', '3', '5', '6', '7']);
    expect(retryAfter(log, '4')).toBe(50);
  });

  it('LM-28: lets callers wait for the windows that follow', async () => {
    const { log, clock } = limiterOf({ limit: 2, window: 1000, type: 'fixed', maxWaitDuration: '3s' });

    log.askAll(...names(9));
    await clock.runAll();

    expect(log.lines).toEqual([
      '1: starts at 0',
      '2: starts at 0',
      '9: refused at 0',
      '3: starts at 1000',
      '4: starts at 1000',
      '5: starts at 2000',
      '6: starts at 2000',
      '7: starts at 3000',
      '8: starts at 3000',
    ]);
  });

  it('LM-30: saves nothing up while idle', async () => {
    const { log, clock } = limiterOf({ limit: 3, window: 1000, type: 'fixed' });
    log.ask('0');

    await clock.advanceTo(6500);
    log.askAll('1', '2', '3', '4');

    expect(log.started).toEqual(['0', '1', '2', '3']);
    expect(retryAfter(log, '4')).toBe(500);
  });
});

describe('RateLimiterRule, smooth', () => {
  it('LM-26: keeps starts apart', async () => {
    const { log, askAt } = limiterOf({ limit: 2, window: 1000, type: 'smooth' });

    await askAt(0, 499, 500);

    expect(log.started).toEqual(['1', '3']);
    expect(retryAfter(log, '2')).toBe(1);
  });

  it('LM-27: lets callers wait at that pace, and refuses who would wait too long at once', async () => {
    const { log, clock } = limiterOf({ limit: 2, window: 1000, type: 'smooth', maxWaitDuration: '3s' });

    log.askAll(...names(8));
    await clock.runAll();

    expect(log.lines).toEqual([
      '1: starts at 0',
      '8: refused at 0',
      ...[2, 3, 4, 5, 6, 7].map((name) => `${name}: starts at ${(name - 1) * 500}`),
    ]);
  });
});

describe('RateLimiterRule with a line', () => {
  it("tells each waiter in its own caller's async context", async () => {
    const requests = new AsyncLocalStorage<number>();
    const { rule, clock } = limiterOf({ limit: 1, window: 100, maxWaitDuration: '1s' });
    const seen: unknown[] = [];
    rule.admit(callWith());
    for (const id of [1, 2]) {
      requests.run(id, () => {
        const turn = rule.admit(callWith());
        if (turn instanceof Turn) turn.onTurn(() => seen.push(requests.getStore()));
      });
    }

    await clock.runAll();

    expect(seen).toEqual([1, 2]);
  });

  it('lets nobody overtake, one that comes in the moment of a turn included', async () => {
    const { rule, log, clock } = limiterOf({ limit: 1, window: 100, maxWaitDuration: '1s' });
    log.ask('A');
    const turn = rule.admit(callWith());
    if (turn instanceof Turn) turn.onTurn(() => log.ask('late'));
    log.ask('C');

    await clock.runAll();

    expect(log.lines).toEqual(['A: starts at 0', 'C: starts at 200', 'late: starts at 300']);
  });

  it('holds one timer however many wait, and none when the last has left', () => {
    const { log, clock } = limiterOf({ limit: 1, window: 100, maxWaitDuration: '1s' });
    log.askAll('A', 'B', 'C');

    const waiting = clock.allTimers;
    log.leave('B');
    log.leave('C');

    expect(waiting).toBe(1);
    expect(clock.allTimers).toBe(0);
  });

  it('refuses without a timer', () => {
    const { log, clock } = limiterOf({ limit: 1, window: 100, maxWaitDuration: 99 });

    log.askAll('A', 'B');

    expect(log.lines.at(-1)).toBe('B: refused at 0');
    expect(clock.allTimers).toBe(0);
  });
});

describe('RateLimiterRule with a key', () => {
  const keyed = (options: Partial<RateLimiterOptions> = {}) =>
    limiterOf({ limit: 1, window: 1000, key: (tenant: string) => tenant, ...options });

  it('LM-32: keeps one limit per key', () => {
    const { log } = keyed();

    log.ask('1', callWith(['a']));
    log.ask('2', callWith(['b']));
    log.ask('3', callWith(['a']));

    expect(log.lines).toEqual(['1: starts at 0', '2: starts at 0', '3: refused at 0']);
  });

  it('forgets idle keys beyond a thousand, and never one that is in use', async () => {
    const { rule, log, clock } = keyed();
    for (const name of names(1500)) log.ask(name, callWith([name]));
    const inUse = rule.snapshot().keys;
    log.ask('again', callWith(['1']));
    await clock.advanceTo(1000);

    for (const name of names(500)) log.ask(`late ${name}`, callWith([`late ${name}`]));

    expect(inUse).toBe(1500);
    expect([...log.errors.keys()]).toEqual(['again']);
    expect(rule.snapshot().keys).toBeLessThanOrEqual(1001);
  });

  it('refuses a call whose key is no text', () => {
    const { rule } = keyed();

    const admission = rule.admit(callWith([undefined]));

    expect(admission).toBeInstanceOf(Refusal);
    const { error } = admission as Refusal;
    expect(String(error)).toBe(
      'InvalidOptionsError: Orders.place: mail.key must give a text, gave undefined',
    );
  });
});

describe('RateLimiterRule, looked at and changed', () => {
  it('says how many may start and how many wait', async () => {
    const { rule, log, clock } = limiterOf({ limit: 2, window: 1000, maxWaitDuration: '1s' });
    const fresh = rule.snapshot();
    log.askAll('1', '2', '3');
    const busy = rule.snapshot();
    await clock.advanceTo(1000);

    const later = rule.snapshot();

    expect(fresh).toEqual({ name: 'mail', available: 2, queued: 0, keys: 0, limit: 2, windowMs: 1000 });
    expect([busy, later].map(({ available, queued }) => [available, queued])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it.each(['rolling', 'fixed'] as const)('%s: serves those who wait at once when the limit rises', (type) => {
    const { rule, log } = limiterOf({ limit: 1, window: 1000, maxWaitDuration: '5s', type });
    log.askAll('1', '2', '3');

    rule.reconfigure(resolve({ limit: 2, window: 1000, maxWaitDuration: '5s', type }));

    expect(log.lines).toEqual(['1: starts at 0', '2: starts at 0']);
    expect(rule.snapshot().queued).toBe(1);
  });

  it.each(['rolling', 'fixed'] as const)('%s: counts what has started when the limit falls', async (type) => {
    const { rule, log, clock } = limiterOf({ limit: 3, window: 1000, type });
    log.askAll('1', '2', '3');

    rule.reconfigure(resolve({ limit: 1, window: 1000, type }));
    await clock.advanceTo(999);
    log.ask('4');
    await clock.advanceTo(1000);
    log.askAll('5', '6');

    expect(log.started).toEqual(['1', '2', '3', '5']);
    expect([retryAfter(log, '4'), retryAfter(log, '6')]).toEqual([1, 1000]);
  });

  it('keeps those who wait in order when the type becomes another', async () => {
    const { rule, log, clock } = limiterOf({ limit: 1, window: 1000, maxWaitDuration: '5s' });
    log.askAll('1', '2', '3', '4');

    rule.reconfigure(resolve({ limit: 4, window: 1000, maxWaitDuration: '5s', type: 'smooth' }));
    await clock.runAll();

    expect(log.lines.slice(1)).toEqual(['2: starts at 0', '3: starts at 250', '4: starts at 500']);
  });
});
