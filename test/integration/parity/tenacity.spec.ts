import { describe, expect, it } from '@jest/globals';
import { isResilienceError, ResilienceService, retryInfo, type RetryOptions } from 'nestjs-selfheal';
import { Applications, outcomeOf } from '../../support/nest-applications.js';
import { httpError } from '../../support/retry-world.js';

class Unavailable extends Error {}
class Refused extends Error {}

/** Named by the rows of spec/parity.md: what tenacity calls it, done here. */
describe('tenacity', () => {
  const applications = new Applications();

  /** Calls a function that fails with these in turn, the last one repeated; `undefined` is a success. */
  async function play(retry: RetryOptions, ...failures: readonly (Error | undefined)[]) {
    const world = await applications.start({});
    const runsAt: number[] = [];
    const options = { name: 'job', retry: { budget: false, ...retry } } as const;
    const call = outcomeOf(() =>
      world.get(ResilienceService).execute(options, async () => {
        runsAt.push(world.clock.nowMs());
        const failure = failures[Math.min(runsAt.length, failures.length) - 1];
        if (failure !== undefined) throw failure;
        return runsAt.length;
      }),
    );
    await world.clock.runAll();
    return { runsAt, ...(await call), events: world.events };
  }

  const fixed = (initialDelay: number) => ({ type: 'fixed', initialDelay, jitter: 'none' }) as const;
  const always = httpError(503);

  it('stop_after_attempt(n): n executions', async () => {
    const { runsAt, error } = await play({ maxAttempts: 4, backoff: fixed(0) }, always);

    expect(runsAt).toHaveLength(4);
    expect(error).toBe(always);
  });

  it('stop_before_delay(s): no attempt begins at or after the limit', async () => {
    const { runsAt } = await play({ maxAttempts: 9, maxDuration: 300, backoff: fixed(100) }, always);

    expect(runsAt).toEqual([0, 100, 200]);
  });

  it('stop_never: Infinity, together with a duration', async () => {
    const options = {
      maxAttempts: Number.POSITIVE_INFINITY,
      maxDuration: '1s',
      backoff: fixed(100),
    } as const;

    const { runsAt } = await play(options, always);

    expect(runsAt).toHaveLength(10);
  });

  it('wait_none and wait_fixed(x): fixed without jitter', async () => {
    const none = await play({ backoff: fixed(0) }, always);
    const some = await play({ backoff: fixed(70) }, always);

    expect(none.runsAt).toEqual([0, 0, 0]);
    expect(some.runsAt).toEqual([0, 70, 140]);
  });

  it('wait_random(min, max): fixed in the middle with the ratio of the range', async () => {
    const backoff = { type: 'fixed', initialDelay: 200, jitter: 0.5, maxDelay: 300 } as const;

    const { events } = await play({ maxAttempts: 9, backoff }, always);

    const delays = events.of('retry.scheduled').map(({ delayMs }) => delayMs);
    expect(delays).toEqual(Array.from({ length: 8 }, () => 200));
  });

  it('wait_incrementing(start, increment) with both alike: linear', async () => {
    const { runsAt } = await play({ backoff: { type: 'linear', initialDelay: 100, jitter: 'none' } }, always);

    expect(runsAt).toEqual([0, 100, 300]);
  });

  it('wait_exponential(multiplier, base, max): exponential up to maxDelay', async () => {
    const backoff = {
      type: 'exponential',
      initialDelay: 100,
      multiplier: 3,
      maxDelay: 500,
      jitter: 'none',
    } as const;

    const { runsAt } = await play({ maxAttempts: 4, backoff }, always);

    expect(runsAt).toEqual([0, 100, 400, 900]);
  });

  it('wait_chain, wait_exception and a custom wait: a function of attempt and error', async () => {
    const waits = ['10ms', '50ms'] as const;
    const type = ({ attempt }: { readonly attempt: number }) => waits[attempt - 1] ?? '1s';

    const { runsAt } = await play({ maxAttempts: 4, backoff: { type } }, always);

    expect(runsAt).toEqual([0, 10, 60, 1_060]);
  });

  it('retry_if_exception_type(T) and retry_if_not_exception_type(T): retryOn and abortOn', async () => {
    const taken = await play({ retryOn: [Unavailable], backoff: fixed(0) }, new Unavailable());
    const left = await play({ retryOn: [Unavailable], backoff: fixed(0) }, always);
    const aborted = await play({ abortOn: [Refused], backoff: fixed(0) }, always, new Refused());

    expect([taken, left, aborted].map(({ runsAt }) => runsAt.length)).toEqual([3, 1, 2]);
  });

  it('retry_if_exception(p), retry_any and retry_all: a predicate', async () => {
    const retryOn = (error: unknown): boolean => error instanceof Refused && error.message === 'later';

    const later = await play({ retryOn, backoff: fixed(0) }, new Refused('later'));
    const never = await play({ retryOn, backoff: fixed(0) }, new Refused('never'));

    expect([later, never].map(({ runsAt }) => runsAt.length)).toEqual([3, 1]);
  });

  it('retry_if_result and retry_unless_exception_type: retryOnResult, and the last value when it is over', async () => {
    const { runsAt, value } = await play({ retryOnResult: () => true, backoff: fixed(0) }, undefined);

    expect(runsAt).toHaveLength(3);
    expect(value).toBe(3);
  });

  it('before_sleep, after and recovery: onRetry, onGiveUp and onRecovered', async () => {
    const told: string[] = [];
    const hooks: RetryOptions = {
      onRetry: ({ attempt, delayMs }) => told.push(`retry ${attempt} in ${delayMs}`),
      onGiveUp: ({ attempts, reason }) => told.push(`gave up after ${attempts}: ${reason}`),
      onRecovered: ({ attempts }) => told.push(`recovered after ${attempts}`),
    };

    await play({ ...hooks, maxAttempts: 2, backoff: fixed(5) }, always);
    await play({ ...hooks, maxAttempts: 2, backoff: fixed(5) }, always, undefined);

    expect(told).toEqual(['retry 1 in 5', 'gave up after 2: exhausted', 'retry 1 in 5', 'recovered after 2']);
  });

  it('reraise and statistics: the last error itself, and its record', async () => {
    const last = httpError(503);

    const { error } = await play({ backoff: fixed(10) }, always, always, last);

    expect(error).toBe(last);
    expect(isResilienceError(error)).toBe(false);
    expect(retryInfo(last)).toEqual({ attempts: 3, reason: 'exhausted', elapsedMs: 20 });
  });

  it('the block form: attempts(), the value is what the body assigns', async () => {
    const world = await applications.start({});
    let runs = 0;
    const options = { budget: false, backoff: fixed(0) } as const;

    const done = (async () => {
      for await (const attempt of world.get(ResilienceService).attempts(options)) {
        await attempt.run(async () => {
          runs += 1;
          if (runs < 3) throw always;
        });
      }
    })();
    await world.clock.runAll();
    await done;

    expect(runs).toBe(3);
  });
});
