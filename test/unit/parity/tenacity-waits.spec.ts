import { describe, expect, it } from '@jest/globals';
import type { RetryOptions } from '../../../lib/policies/retry/index.js';
import { executions, PipelineWorld } from '../../support/pipeline-world.js';
import { httpError } from '../../support/retry-world.js';
import { ALWAYS, AT_ONCE, fixed, play, Refused, Unavailable } from './play.js';

/** The delays after so many failures. */
async function delaysOf(
  backoff: NonNullable<RetryOptions['backoff']>,
  failures: number,
): Promise<readonly number[]> {
  const { delays } = await play({ maxAttempts: failures + 1, backoff }, ALWAYS);
  return delays;
}

/** Named by the rows of spec/parity.md: what tenacity calls it, done here. */
describe('tenacity: wait', () => {
  it('wait_none, wait_fixed(x)', async () => {
    expect(await delaysOf({ ...AT_ONCE, jitter: 'none' }, 2)).toEqual([0, 0]);
    expect(await delaysOf({ ...fixed(70), jitter: 'none' }, 2)).toEqual([70, 70]);
  });

  it('wait_random(min, max)', async () => {
    const backoff = { type: 'fixed', initialDelay: 200, jitter: 0.5, maxDelay: 300 } as const;
    const world = new PipelineWorld({}, { random: () => 0.25 });

    await world.call(world.pipeline({ retry: { budget: false, backoff } }), executions(503));

    // 100 to 300, a quarter of the way.
    expect(world.events.of('retry.scheduled').map(({ delayMs }) => delayMs)).toEqual([150, 150]);
  });

  it('wait_incrementing(start, increment, max)', async () => {
    const backoff = { type: 'linear', initialDelay: '1s', increment: '2s', maxDelay: '6s' } as const;
    const falling: RetryOptions['backoff'] = {
      type: ({ attempt }) => Math.max(0, 500 - 200 * (attempt - 1)),
    };

    expect(await delaysOf({ ...backoff, jitter: 'none' }, 5)).toEqual([1000, 3000, 5000, 6000, 6000]);
    expect(await delaysOf(falling, 4)).toEqual([500, 300, 100, 0]);
  });

  it('wait_exponential(multiplier, base, min, max)', async () => {
    const backoff = { initialDelay: '1s', multiplier: 2, minDelay: '4s', maxDelay: '10s' } as const;

    expect(await delaysOf({ ...backoff, jitter: 'none' }, 5)).toEqual([4000, 4000, 4000, 8000, 10_000]);
  });

  it('wait_random_exponential (full jitter)', async () => {
    const world = new PipelineWorld({}, { random: () => 0.5 });
    const retry: RetryOptions = {
      budget: false,
      maxAttempts: 4,
      backoff: { initialDelay: '1s', maxDelay: '3s' },
    };

    await world.call(world.pipeline({ retry }), executions(503));

    expect(world.events.of('retry.scheduled').map(({ delayMs }) => delayMs)).toEqual([500, 1000, 1500]);
  });

  it('wait_exponential_jitter', async () => {
    const random = (): number => 0.5;
    const additive = new PipelineWorld({}, { random });
    const constant = new PipelineWorld({}, { random });
    const type = ({ attempt }: { readonly attempt: number }): number =>
      Math.min(100 * 2 ** (attempt - 1) + random() * 50, 300);

    const retry: RetryOptions = { budget: false, maxAttempts: 5 };
    const backoff = { initialDelay: 100, jitter: 'additive', maxDelay: 600 } as const;
    await additive.call(additive.pipeline({ retry: { ...retry, backoff } }), executions(503));
    await constant.call(constant.pipeline({ retry: { ...retry, backoff: { type } } }), executions(503));

    const delays = (world: PipelineWorld) => world.events.of('retry.scheduled').map(({ delayMs }) => delayMs);
    expect(delays(additive)).toEqual([150, 300, 450, 450]);
    expect(delays(constant)).toEqual([125, 225, 300, 300]);
  });

  it('wait_chain', async () => {
    const delays = ['100ms', '1s', '5s'] as const;

    expect(await delaysOf({ delays, jitter: 'none' }, 5)).toEqual([100, 1000, 5000, 5000, 5000]);
    expect(() => new PipelineWorld().pipeline({ retry: { backoff: { delays: [] } } })).toThrow(
      'must be a list of at least one delay',
    );
  });

  it('wait_combine, +, sum', async () => {
    const type = ({ attempt }: { readonly attempt: number }): number => 300 + Math.min(2 ** attempt, 10);

    expect(await delaysOf({ type }, 4)).toEqual([302, 304, 308, 310]);
  });

  it('wait_exception(f)', async () => {
    const type: NonNullable<RetryOptions['backoff']>['type'] = ({ error }) =>
      error instanceof Refused ? '2s' : '1s';
    const { delays } = await play({ backoff: { type } }, new Refused(), new Unavailable());
    const asked = await play({ backoff: AT_ONCE }, httpError(503, { 'Retry-After': '7' }));

    expect(delays).toEqual([2000, 1000]);
    expect(asked.delays).toEqual([7000, 7000]);
  });

  it('custom wait', async () => {
    const { delays } = await play(
      { maxAttempts: 4, backoff: { type: ({ previousDelayMs = 1 }) => previousDelayMs * 3 } },
      ALWAYS,
    );

    expect(delays).toEqual([3, 9, 27]);
  });

  it('time inputs', async () => {
    expect(await delaysOf({ ...AT_ONCE, initialDelay: 1500, jitter: 'none' }, 1)).toEqual([1500]);
    expect(await delaysOf({ ...AT_ONCE, initialDelay: '1.5s', jitter: 'none' }, 1)).toEqual([1500]);
  });
});
