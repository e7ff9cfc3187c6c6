import { describe, expect, it } from '@jest/globals';
import { ResilienceService } from 'nestjs-selfheal';
import { Applications, outcomeOf } from '../../support/nest-applications.js';
import { hang } from '../../support/pipeline-world.js';
import { httpError } from '../../support/retry-world.js';

describe('gather: a whole of parts that may fail', () => {
  const applications = new Applications();

  async function given() {
    const world = await applications.start({});
    return { ...world, service: world.get(ResilienceService) };
  }

  it('gives what is there, and names the parts that failed', async () => {
    const { service } = await given();
    const failure = httpError(503);

    const whole = await service.gather({
      user: async () => 'Ada',
      news: () => Promise.reject(failure),
      // A part that throws at once is a part that failed.
      ads: (): string => {
        throw failure;
      },
    });

    expect(whole).toEqual({
      values: { user: 'Ada' },
      failed: { news: failure, ads: failure },
      isComplete: false,
    });
    expect(whole.values.user?.toUpperCase()).toBe('ADA');
  });

  it('is complete where nothing failed, values of nothing included', async () => {
    const { service } = await given();

    const whole = await service.gather({ one: async () => 1, none: async () => undefined });

    expect(whole).toEqual({ values: { one: 1, none: undefined }, failed: {}, isComplete: true });
  });

  it('begins all parts at once', async () => {
    const { service } = await given();
    const begun: string[] = [];

    const whole = service.gather({
      first: () => void begun.push('first'),
      second: () => void begun.push('second'),
    });

    expect(begun).toEqual(['first', 'second']);
    await whole;
  });

  it('takes a part that does not answer within the time for one that failed, and aborts it', async () => {
    const { service, clock } = await given();
    let signal: AbortSignal | undefined;
    const slow = (call: { readonly signal: AbortSignal }): Promise<never> => {
      signal = call.signal;
      return hang();
    };

    const work = service.gather({ fast: () => 'there', slow }, { within: '800ms', operation: 'Home.page' });
    await clock.advance(800);

    const { values, failed } = await work;
    expect(values).toEqual({ fast: 'there' });
    expect(failed.slow).toMatchObject({
      code: 'RESILIENCE_TIMEOUT_EXCEEDED',
      operation: 'Home.page.slow',
      timeoutMs: 800,
    });
    expect(signal?.aborted).toBe(true);
  });

  it('ends at once when nobody waits for it any more', async () => {
    const { service } = await given();
    const caller = new AbortController();
    const left = new Error('left');

    const outcome = outcomeOf(() => service.gather({ slow: hang }, { signal: caller.signal }));
    caller.abort(left);

    expect((await outcome).error).toBe(left);
  });
});
