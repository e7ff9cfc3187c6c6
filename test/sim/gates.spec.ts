import { describe, expect, it } from '@jest/globals';
import { ours } from './client.js';
import { BACKOFFS, contention } from './contention.js';
import { OVERLOAD_POLICIES, policyOf } from './jobs.js';
import { herd, layers } from './layers-and-herd.js';
import { OVERLOAD, overload, type OverloadModel } from './overload.js';
import { CONCENTRATED, partialFailure, SCATTERED } from './partial-failure.js';
import { CONCENTRATED_POLICIES, SCATTERED_POLICIES } from './policies.js';

const SEED = 7;
/** A quarter of the experiment, client by client the same, and no longer than what is asserted needs. */
const CALLS_PER_SECOND = 175;
const QUARTER: OverloadModel = {
  ...OVERLOAD,
  callsPerSecond: CALLS_PER_SECOND,
  clients: 5,
  capacity: 250,
  endMs: 75_000,
};

function afterStorm(id: string, changes: Partial<OverloadModel> = {}) {
  return overload(policyOf(OVERLOAD_POLICIES, id), { ...QUARTER, ...changes }, SEED);
}

function scattered(id: string, probability: number) {
  const model = { ...SCATTERED, clients: 10 };
  return partialFailure(policyOf(SCATTERED_POLICIES, id), model, { probability, seed: SEED });
}

function concentrated(id: string, probability: number) {
  const model = { ...CONCENTRATED, clients: 4 };
  return partialFailure(policyOf(CONCENTRATED_POLICIES, id), model, { probability, seed: SEED });
}

function contended(id: string) {
  return contention(policyOf(BACKOFFS, id), 100, SEED);
}

describe('contention for one row', () => {
  it('G1: full jitter more than halves the writes and ends ten times as soon as exponential backoff', async () => {
    const full = await contended('full');
    const exponential = await contended('exponential');

    expect(full.writes / exponential.writes).toBeLessThanOrEqual(0.45);
    expect(full.completionMs / exponential.completionMs).toBeLessThanOrEqual(0.1);
  });

  it('G1: writes are fewest with full and equal jitter, then decorrelated, then exponential, then no delay', async () => {
    const [full = 0, equal = 0, decorrelated = 0, exponential = 0, none = 0] = await Promise.all(
      ['full', 'equal', 'decorrelated', 'exponential', 'none'].map(
        async (id) => (await contended(id)).writes,
      ),
    );

    expect(Math.max(full, equal)).toBeLessThan(decorrelated);
    expect(decorrelated).toBeLessThan(exponential);
    expect(exponential).toBeLessThan(none);
  });
});

describe('a retry storm', () => {
  it('G2: does not end by itself where retries know no budget', async () => {
    const { recoveryS, load } = await afterStorm('4-at-once', { endMs: 55_000 });

    expect(recoveryS).toBeUndefined();
    expect(load).toBeGreaterThan(3);
  });

  it('G2: ends soon with the default retry, which hardly adds to the load', async () => {
    const { recoveryS, load, goodput } = await afterStorm('default');

    expect(recoveryS).toBeLessThanOrEqual(20);
    expect(load).toBeLessThanOrEqual(1.05);
    expect(goodput.slice(-10).reduce((sum, each) => sum + each, 0) / 10).toBeGreaterThan(
      0.95 * CALLS_PER_SECOND,
    );
  });

  it('G3: ends as well with five times as many processes of a fifth of the load', async () => {
    const { recoveryS, load } = await afterStorm('default', { clients: 25 });

    expect(recoveryS).toBeLessThanOrEqual(20);
    expect(load).toBeLessThanOrEqual(1.08);
  });

  it('G4: ends sooner with the default breaker, and with less load than there are calls', async () => {
    const { recoveryS, load } = await afterStorm('default-breaker');

    expect(recoveryS).toBeLessThanOrEqual(8);
    expect(load).toBeLessThanOrEqual(0.9);
  });

  it('G4: ends within ten seconds with a breaker that waits five', async () => {
    const { recoveryS } = await afterStorm('breaker-5s');

    expect(recoveryS).toBeLessThanOrEqual(10);
  });
});

describe('a partial failure', () => {
  it.each([
    [0.01, 0.9999, 1.02],
    [0.1, 0.995, 1.13],
    [0.2, 0.985, 1.3],
    [1, 0, 1.05],
  ])('G5: of p = %d is hidden by the default retry, or not made worse', async (p, success, load) => {
    const measured = await scattered('default', p);

    expect(measured.success).toBeGreaterThanOrEqual(success);
    expect(measured.load).toBeLessThanOrEqual(load);
  });

  it.each([
    [0.05, 0.995],
    [0.1, 0.995],
    [0.2, 0.985],
    [0.3, 0.85],
  ])('G4, G6: of p = %d costs no more with the default breaker than without', async (p, success) => {
    const retry = await concentrated('default', p);
    const guarded = await concentrated('default-breaker', p);

    expect(guarded.success).toBeGreaterThanOrEqual(success);
    expect(guarded.success).toBeGreaterThanOrEqual(retry.success - 0.01);
  });
});

describe('many processes', () => {
  it.each([
    [10, 1.1],
    [100, 1.02],
  ])('G7, BS-23: three layers add up, they do not multiply, at %d calls per second', async (rate, load) => {
    expect(await layers(rate, SEED)).toBeLessThanOrEqual(load);
  });

  it('G8: do not retry as a herd when all have failed at once', async () => {
    const { first, second } = await herd(1_000, SEED);

    expect(first).toBeLessThanOrEqual(150);
    expect(second).toBeLessThanOrEqual(100);
  });
});

describe('the experiment', () => {
  it('is the same again with the same seed, and another with another', async () => {
    const policy = { id: 'own', title: 'own', origin: 'ours', make: ours({ retry: {} }) } as const;
    const model = { ...SCATTERED, clients: 2, durationMs: 5_000 };
    const run = (seed: number) => partialFailure(policy, model, { probability: 0.3, seed });

    const [first, again, other] = [await run(1), await run(1), await run(2)];

    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });
});
