import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { OptionCheck } from '../../../../lib/core/check.js';
import { delayAfter } from '../../../../lib/policies/retry/backoff.js';
import {
  type BackoffOptions,
  resolveBackoffOptions,
} from '../../../../lib/policies/retry/backoff.options.js';
import { requestedDelayMs } from '../../../../lib/policies/retry/retry-after.js';

interface RetryAfterVectors {
  readonly meta: { readonly now: string };
  readonly rows: readonly { readonly header: string | string[] | null; readonly proposedMs: number | null }[];
}

interface Waits {
  readonly strategy: string;
  readonly params: Readonly<Record<string, number>>;
  readonly attempts: readonly number[];
}

interface TenacityVectors {
  readonly waits: Readonly<Record<string, Waits & { readonly waits: readonly number[] }>>;
  readonly jitter_by_u: Readonly<
    Record<string, Waits & { readonly by_u: Readonly<Record<string, number[]>> }>
  >;
}

interface AxiosVectors {
  readonly exponentialDelay: readonly (AxiosDelays & { readonly u: number })[];
  readonly linearDelay: readonly AxiosDelays[];
}

interface AxiosDelays {
  readonly delayFactor: number | string;
  readonly retryCount: readonly number[];
  readonly delays: readonly number[];
}

interface GoWaits {
  readonly attemptNum: readonly number[];
  readonly minMs: number;
  readonly maxMs: number;
  readonly waitsMs: readonly number[];
}

interface GoVectors {
  readonly DefaultBackoff: readonly GoWaits[];
  readonly DefaultBackoffBig: GoWaits;
  readonly LinearJitterBackoffExact: readonly GoWaits[];
}

/** The vectors of a file, in the form that the interfaces above describe. */
function vectorsOf<V>(name: string): V {
  const file = new URL(`../../../support/golden/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as V;
}

function delaysOf(given: BackoffOptions, attempts: readonly number[], u = 0.5): number[] {
  const options = resolveBackoffOptions(new OptionCheck('retry', 'golden'), given);
  return attempts.map(
    (attempt) => delayAfter(options, { attempt, previousDelayMs: undefined, random: () => u }).delayMs,
  );
}

function expectAlike(delays: readonly number[], wanted: readonly number[]): void {
  expect(delays).toHaveLength(wanted.length);
  delays.forEach((each, index) => {
    const value = wanted[index] ?? Number.NaN;
    expect(Math.abs(each - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-6);
  });
}

describe('retry-after-proposed.json', () => {
  const { meta, rows } = vectorsOf<RetryAfterVectors>('retry-after-proposed');

  it.each(rows)('reads $header as $proposedMs ms', ({ header, proposedMs }) => {
    const headers = header === null ? {} : { 'retry-after': header };

    const waitMs = requestedDelayMs({ response: { headers } }, Date.parse(meta.now));

    expect(waitMs).toBe(proposedMs ?? undefined);
  });
});

describe('tenacity-waits.json', () => {
  const vectors = vectorsOf<TenacityVectors>('tenacity-waits');
  const FARTHEST_S = 2 ** 62;

  /** Their seconds in our options; `undefined` for what has no equal here. */
  function optionsOf(entry: Waits): BackoffOptions | undefined {
    const forms: Readonly<Record<string, (entry: Waits) => BackoffOptions | undefined>> = {
      wait_none: fixedOf,
      wait_fixed: fixedOf,
      wait_incrementing: linearOf,
      wait_exponential: exponentialOf,
      wait_exponential_jitter: exponentialOf,
      wait_chain: listOf,
    };
    return forms[entry.strategy]?.(entry);
  }

  function fixedOf({ params: { wait = 0 } }: Waits): BackoffOptions {
    return { type: 'fixed', initialDelay: wait * 1000, jitter: 'none' };
  }

  /** Delays that fall have no equal but a function. */
  function linearOf({ params }: Waits): BackoffOptions | undefined {
    const { start = 0, increment = 100, max = FARTHEST_S } = params;
    if (increment < 0) return undefined;
    const delays = { initialDelay: start * 1000, increment: increment * 1000, maxDelay: max * 1000 };
    return { type: 'linear', ...delays, jitter: 'none' };
  }

  /** Without their jitter of constant width. What begins above its cap, or has a floor there, is refused at boot. */
  function exponentialOf({ params }: Waits): BackoffOptions | undefined {
    const { multiplier = 1, exp_base: base = 2, min = 0, max = FARTHEST_S, jitter = 0 } = params;
    const { initial = multiplier } = params;
    if (initial > max || min > max || jitter > 0) return undefined;
    const delays = { initialDelay: initial * 1000, minDelay: min * 1000, maxDelay: max * 1000 };
    return { ...delays, multiplier: base, jitter: 'none' };
  }

  /** A list of lengths; what is a strategy of its own has no equal but a function. */
  function listOf({ params }: Waits): BackoffOptions | undefined {
    // Of this strategy alone the parameter is a list.
    const strategies = Object.values(params).flat() as unknown[];
    if (!strategies.every((each) => typeof each === 'number')) return undefined;
    return { delays: strategies.map((each) => each * 1000), jitter: 'none' };
  }

  const alike = Object.entries(vectors.waits).filter(([, entry]) => optionsOf(entry) !== undefined);

  it.each(alike)('agrees on %s', (_name, entry) => {
    const delays = delaysOf(optionsOf(entry) ?? {}, entry.attempts);

    expectAlike(
      delays,
      entry.waits.map((each) => each * 1000),
    );
  });

  it.each(Object.entries(vectors.jitter_by_u['fulljitter-1-max60']?.by_u ?? {}))(
    'agrees on full jitter where chance gives %s',
    (u, waits) => {
      const attempts = vectors.jitter_by_u['fulljitter-1-max60']?.attempts ?? [];

      const delays = delaysOf({ initialDelay: '1s', maxDelay: '60s', jitter: 'full' }, attempts, Number(u));

      expectAlike(
        delays,
        waits.map((each) => each * 1000),
      );
    },
  );

  it('knows an equal for all waits but those that fall, that combine others, or whose floor is above the cap', () => {
    const others = Object.keys(vectors.waits).filter((name) => !alike.some(([each]) => each === name));

    expect(others).toEqual([
      'incr-negative-increment',
      'exp-min-above-max',
      'exp-mult1e300-max1e-100',
      'chain-fixed3x3,then-exp',
      'combine-fixed3+exp-max10',
      'combine-empty',
    ]);
  });

  it('has the floor of fulljitter-min5, below which chance does not go; above it the draw is its own', () => {
    const { attempts = [], by_u: byU = {} } = vectors.jitter_by_u['fulljitter-min5'] ?? {};
    const options: BackoffOptions = { initialDelay: '1s', minDelay: '5s', maxDelay: '60s', jitter: 'full' };

    expectAlike(
      delaysOf(options, attempts, 0),
      (byU['0.0'] ?? []).map((each) => each * 1000),
    );
    expect(delaysOf(options, [3, 4, 7], 0.75)).toEqual([5_000, 6_000, 45_000]);
  });

  it('agrees on wait_random where the cap has room for it', () => {
    const byU = vectors.jitter_by_u['random-0-1']?.by_u ?? {};

    for (const [u, waits] of Object.entries(byU)) {
      const options: BackoffOptions = { type: 'fixed', initialDelay: 500, jitter: 1, maxDelay: 1000 };
      expectAlike(
        delaysOf(options, [1, 2], Number(u)),
        waits.map((each) => each * 1000),
      );
    }
  });
});

describe('axios-retry.json', () => {
  const vectors = vectorsOf<AxiosVectors>('axios-retry');
  const factorOf = ({ delayFactor }: AxiosDelays): number =>
    typeof delayFactor === 'number' ? delayFactor : 100;

  it.each(vectors.exponentialDelay)('agrees on exponentialDelay, factor $delayFactor, u $u', (entry) => {
    const options: BackoffOptions = { initialDelay: 2.2 * factorOf(entry), jitter: 1 / 11, maxDelay: '1d' };

    const delays = delaysOf(options, entry.retryCount.slice(1), entry.u);

    expectAlike(delays, entry.delays.slice(1));
  });

  it.each(vectors.linearDelay)('agrees on linearDelay, factor $delayFactor', (entry) => {
    const options: BackoffOptions = { type: 'linear', initialDelay: factorOf(entry), jitter: 'none' };

    expectAlike(delaysOf(options, entry.retryCount.slice(1)), entry.delays.slice(1));
  });
});

describe('go-retryablehttp.json', () => {
  const vectors = vectorsOf<GoVectors>('go-retryablehttp');
  const attemptsOf = ({ attemptNum }: GoWaits): number[] => attemptNum.map((each) => each + 1);

  it.each([...vectors.DefaultBackoff, vectors.DefaultBackoffBig])(
    'agrees on DefaultBackoff from $minMs to $maxMs',
    (entry) => {
      const options: BackoffOptions = { initialDelay: entry.minMs, maxDelay: entry.maxMs, jitter: 'none' };

      expectAlike(delaysOf(options, attemptsOf(entry)), entry.waitsMs);
    },
  );

  it.each(vectors.LinearJitterBackoffExact)('agrees on LinearJitterBackoff from $minMs', (entry) => {
    const options: BackoffOptions = {
      type: 'linear',
      initialDelay: entry.minMs,
      jitter: 'none',
      maxDelay: '1d',
    };

    expectAlike(delaysOf(options, attemptsOf(entry)), entry.waitsMs);
  });
});
