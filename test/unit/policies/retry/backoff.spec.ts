import { describe, expect, it } from '@jest/globals';
import { OptionCheck } from '../../../../lib/core/check.js';
import { delayAfter } from '../../../../lib/policies/retry/backoff.js';
import {
  type BackoffOptions,
  resolveBackoffOptions,
} from '../../../../lib/policies/retry/backoff.options.js';

const NEARLY_ONE = 0.999999;

function delayOf(options: BackoffOptions, attempt: number, u = 0.5): number {
  const resolved = resolveBackoffOptions(new OptionCheck('retry', 'A.b'), { jitter: 'none', ...options });
  return delayAfter(resolved, { attempt, previousDelayMs: undefined, random: () => u }).delayMs;
}

/** Numbers in [0, 1) that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('delayAfter', () => {
  it('RT-16: caps before full jitter', () => {
    const options: BackoffOptions = { initialDelay: 50, jitter: 'full', maxDelay: '20s' };

    expect([1, 2, 3, 21].map((attempt) => delayOf(options, attempt))).toEqual([25, 50, 100, 10_000]);
  });

  it.each([1024, 1025, 2000])('RT-17: is the cap where the power overflows, after attempt %d', (attempt) => {
    expect(delayOf({ initialDelay: 100, maxDelay: '20s' }, attempt)).toBe(20_000);
  });

  it('stays nothing where the delay is nothing and the power overflows', () => {
    expect(delayOf({ initialDelay: 0 }, 2000)).toBe(0);
  });

  it('RT-18: spreads by a ratio to both sides', () => {
    const delays = [0, 0.4, 0.6].map((u) =>
      delayOf({ type: 'fixed', initialDelay: 1000, jitter: 0.25 }, 1, u),
    );

    expect(delays).toEqual([750, 950, 1050]);
    expect(delayOf({ type: 'fixed', initialDelay: 1000, jitter: 0.25 }, 1, NEARLY_ONE)).toBeLessThan(1250);
  });

  it('RT-18: leaves room below the cap for a ratio', () => {
    const options: BackoffOptions = { type: 'fixed', initialDelay: 1000, maxDelay: 1000, jitter: 0.25 };

    expect([0, 0.4, 0.6].map((u) => delayOf(options, 1, u))).toEqual([600, 760, 840]);
    expect(delayOf(options, 1, NEARLY_ONE)).toBeLessThan(1000);
  });

  it('RT-19: spreads over the upper half with equal jitter', () => {
    const options: BackoffOptions = { type: 'fixed', initialDelay: 1000, jitter: 'equal' };

    expect([0, 0.5].map((u) => delayOf(options, 1, u))).toEqual([500, 750]);
    expect(delayOf(options, 1, NEARLY_ONE)).toBeLessThan(1000);
  });

  it('RT-20: adds up to the delay itself with additive jitter', () => {
    const options: BackoffOptions = { initialDelay: 1000, jitter: 'additive' };

    expect([1, 2, 3, 4].map((attempt) => delayOf(options, attempt, 0))).toEqual([1000, 2000, 4000, 8000]);
    expect([1, 2, 3, 4].map((attempt) => delayOf(options, attempt, 0.5))).toEqual([1500, 3000, 6000, 12_000]);
    expect(delayOf(options, 9, 0)).toBe(10_000);
  });

  it('RT-21: never falls below the initial delay where it is decorrelated', () => {
    expect(delayOf({ type: 'decorrelated', initialDelay: 100 }, 3, 0)).toBe(100);
  });

  it('RT-22: is uniform with full jitter', () => {
    const random = seeded(7);

    const delays = Array.from({ length: 4000 }, () =>
      delayOf({ type: 'fixed', initialDelay: 500, jitter: 'full' }, 1, random()),
    );

    const mean = delays.reduce((sum, each) => sum + each, 0) / delays.length;
    expect(delays.every((each) => each >= 0 && each < 500)).toBe(true);
    expect(Math.abs(mean - 250)).toBeLessThan(13.7);
  });

  it.each([
    ['full', 50],
    ['none', 1000],
  ] as const)(
    'RT-23: with jitter %s puts at most %d of a thousand third delays into a bin',
    (jitter, most) => {
      const random = seeded(11);
      const bins = Array.from({ length: 41 }, () => 0);

      for (let call = 0; call < 1000; call += 1) {
        const bin = Math.floor(delayOf({ initialDelay: 1000, jitter }, 3, random()) / 100);
        bins[bin] = (bins[bin] ?? 0) + 1;
      }

      expect(Math.max(...bins)).toBeLessThanOrEqual(most);
      if (jitter === 'none') expect(Math.max(...bins)).toBe(1000);
    },
  );

  it('grows by the increment, from the first delay up to the cap', () => {
    const options: BackoffOptions = { type: 'linear', initialDelay: 100, increment: 30, maxDelay: 150 };

    expect([1, 2, 3, 1e9].map((attempt) => delayOf(options, attempt))).toEqual([100, 130, 150, 150]);
  });

  it('takes delays from the list, the last one for all that follow, with jitter and cap like any other', () => {
    const delays = ['100ms', '1s', '5s'] as const;

    expect([1, 2, 3, 4, 5000].map((attempt) => delayOf({ delays }, attempt))).toEqual([
      100, 1000, 5000, 5000, 5000,
    ]);
    expect([1, 2, 3].map((attempt) => delayOf({ delays, jitter: 'full' }, attempt))).toEqual([50, 500, 2500]);
    expect(delayOf({ delays, maxDelay: '5s', jitter: 'additive' }, 3, NEARLY_ONE)).toBeLessThan(5000);
  });

  it.each(['none', 'full', 'equal', 'additive', 0.5] as const)(
    'puts the floor under what jitter %s has made',
    (jitter) => {
      const options: BackoffOptions = { initialDelay: 100, minDelay: 400, maxDelay: 1000, jitter };

      const delays = [1, 2, 3, 4, 5, 6].map((attempt) => delayOf(options, attempt, 0.1));

      expect(Math.min(...delays)).toBe(400);
      expect(Math.max(...delays)).toBeLessThanOrEqual(1000);
    },
  );

  it('puts the floor under decorrelated delays too', () => {
    expect(delayOf({ type: 'decorrelated', initialDelay: 100, minDelay: 250 }, 1, 0)).toBe(250);
  });

  it('counts as chance only what lies above the floor, so that a server’s request is no shorter for it', () => {
    const check = new OptionCheck('retry', 'A.b');
    const resolved = resolveBackoffOptions(check, { initialDelay: 1000, minDelay: 400, jitter: 'full' });
    const query = { attempt: 1, previousDelayMs: undefined };

    expect(delayAfter(resolved, { ...query, random: () => 0.1 })).toEqual({ delayMs: 400, randomMs: 0 });
    expect(delayAfter(resolved, { ...query, random: () => 0.5 })).toEqual({ delayMs: 500, randomMs: 100 });
  });
});
