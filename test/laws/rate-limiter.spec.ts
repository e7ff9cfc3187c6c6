import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Refusal, Turn } from '../../lib/core/rule.js';
import {
  RateLimitExceededError,
  type RateLimiterOptions,
  RateLimiterRule,
  resolveRateLimiterOptions,
} from '../../lib/policies/rate-limiter/index.js';
import { RollingWindow } from '../../lib/policies/rate-limiter/rolling-window.js';
import { callWith, ruleWorld } from '../support/rule-world.js';

interface Started {
  readonly id: number;
  readonly askedMs: number;
  readonly atMs: number;
}

interface Refused {
  readonly atMs: number;
  readonly retryAfterMs: number;
}

type Step = { readonly pauseMs: number; readonly act: 'ask' | 'leave'; readonly choice: number };

/** A rate limiter under a random load, until nobody waits any more. */
async function run(options: RateLimiterOptions, plan: readonly Step[]) {
  const { environment, clock } = ruleWorld();
  const rule = new RateLimiterRule({
    name: 'law',
    options: resolveRateLimiterOptions('law', options),
    environment,
  });
  const started: Started[] = [];
  const refused: Refused[] = [];
  const turns: Turn[] = [];
  for (const [id, { pauseMs, act, choice }] of plan.entries()) {
    if (pauseMs > 0) await clock.advance(pauseMs);
    const askedMs = clock.nowMs();
    const start = () => started.push({ id, askedMs, atMs: clock.nowMs() });
    if (act === 'leave') {
      turns[choice % Math.max(1, turns.length)]?.leave();
      continue;
    }
    const admission = rule.admit(callWith());
    if (admission instanceof Turn) turns.push(admission);
    if (admission instanceof Turn) admission.onTurn(start);
    else if (admission instanceof Refusal)
      refused.push({ atMs: askedMs, retryAfterMs: retryAfterOf(admission) });
    else start();
  }
  await clock.runAll();
  return { started, refused, leftTimers: clock.allTimers };
}

function retryAfterOf({ error }: Refusal): number {
  return error instanceof RateLimitExceededError ? error.retryAfterMs : Number.NaN;
}

const acts = fc.constantFrom<Step['act'][]>('ask', 'ask', 'ask', 'leave');
const plansWith = (...pauses: readonly number[]) =>
  fc.array(fc.record({ pauseMs: fc.constantFrom(...pauses), act: acts, choice: fc.nat(9) }), {
    maxLength: 30,
  });
const plans = plansWith(0, 0, 1, 7, 30, 100, 250);
const rates = fc.record({
  limit: fc.integer({ min: 1, max: 4 }),
  window: fc.constantFrom(1, 10, 100, 300),
  maxWaitDuration: fc.constantFrom(0, 50, 400),
});
const types = fc.constantFrom('rolling', 'fixed', 'smooth');
const SETTINGS = { numRuns: 60 };

describe('law of the rate limiter', () => {
  it('rolling: in any span as long as the window, its end excluded, at most limit calls start', async () => {
    await fc.assert(
      fc.asyncProperty(rates, plans, async (rate, plan) => {
        const { started } = await run({ ...rate, type: 'rolling' }, plan);

        for (const [index, { atMs }] of started.entries()) {
          const limitBefore = started[index - rate.limit];
          expect(limitBefore === undefined || atMs - limitBefore.atMs >= rate.window).toBe(true);
        }
      }),
      SETTINGS,
    );
  });

  it('fixed: in each window from the first use on at most limit calls start', async () => {
    await fc.assert(
      fc.asyncProperty(rates, plans, async (rate, plan) => {
        const { started } = await run({ ...rate, type: 'fixed' }, plan);

        const counts = new Map<number, number>();
        const beganMs = started[0]?.atMs ?? 0;
        for (const { atMs } of started) {
          const window = Math.floor((atMs - beganMs) / rate.window);
          counts.set(window, (counts.get(window) ?? 0) + 1);
        }
        expect(Math.max(0, ...counts.values())).toBeLessThanOrEqual(rate.limit);
      }),
      SETTINGS,
    );
  });

  it('smooth: starts are at least window / limit apart', async () => {
    await fc.assert(
      fc.asyncProperty(rates, plans, async (rate, plan) => {
        const { started } = await run({ ...rate, type: 'smooth' }, plan);

        const gaps = started.slice(1).map(({ atMs }, index) => atMs - (started[index]?.atMs ?? 0));
        // What is left is the rounding of the sum.
        expect(Math.min(Number.POSITIVE_INFINITY, ...gaps)).toBeGreaterThanOrEqual(
          rate.window / rate.limit - 1e-6,
        );
      }),
      SETTINGS,
    );
  });

  it('first come, first served, nobody waits longer than allowed, and no timer is left', async () => {
    await fc.assert(
      fc.asyncProperty(types, rates, plans, async (type, rate, plan) => {
        const { started, leftTimers } = await run({ ...rate, type }, plan);

        const ids = started.map(({ id }) => id);
        expect(ids).toEqual([...ids].sort((one, other) => one - other));
        const waits = started.map(({ atMs, askedMs }) => atMs - askedMs);
        expect(Math.max(0, ...waits)).toBeLessThanOrEqual(rate.maxWaitDuration + 0.01);
        expect(leftTimers).toBe(0);
      }),
      SETTINGS,
    );
  });

  it('a lone call passes after what a refused one was told, and not a millisecond earlier', async () => {
    const fractions = plansWith(0, 0.1, 1 / 3, 7.77, 30, 250.25);
    const asks = fractions.map((plan) => plan.map((step): Step => ({ ...step, act: 'ask' })));
    await fc.assert(
      fc.asyncProperty(types, rates, asks, fc.constantFrom(0, 1), async (type, rate, plan, early) => {
        const options = { ...rate, type, maxWaitDuration: 0 };
        const first = await run(options, plan);
        const cut = plan.findIndex((_, index) => first.started.every(({ id }) => id !== index));
        fc.pre(cut > 0);
        const until = plan.slice(0, cut + 1);
        const { refused } = await run(options, until);
        const pauseMs = (refused.at(-1)?.retryAfterMs ?? 0) - early;
        const again = await run(options, [...until, { pauseMs, act: 'ask', choice: 0 }]);

        expect(again.started.some(({ id }) => id === until.length)).toBe(early === 0);
      }),
      SETTINGS,
    );
  });
});

describe('law of the rolling window', () => {
  it('its ring says what a plain list of all starts would say', () => {
    const pauses = fc.array(fc.constantFrom(0, 0, 0, 1, 3, 20), { maxLength: 120 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), pauses, fc.nat(90), (limit, gaps, ahead) => {
        const ring = new RollingWindow({ limit, windowMs: 25 });
        const starts: number[] = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs = ring.startsAtMs(nowMs + gap, 0);
          ring.start(nowMs);
          starts.push(nowMs);
        }

        for (let count = 0; count < ahead; count += 1) {
          starts.push(Math.max(nowMs, (starts[starts.length - limit] ?? -25) + 25));
        }
        const expected = Math.max(nowMs, (starts[starts.length - limit] ?? -25) + 25);

        expect(ring.startsAtMs(nowMs, ahead)).toBe(expected);
      }),
    );
  });
});
