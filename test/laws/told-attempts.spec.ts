import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { RetryOptions } from '../../lib/policies/retry/index.js';
import { executions, PipelineWorld } from '../support/pipeline-world.js';

const outcome = fc.constantFrom<number | string>(503, 404, 'ok');
const scripts = fc.array(fc.array(outcome, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });
const budgets = fc.constantFrom<'default' | false>('default', false);

/** Plays one call after the other; answers all that can be seen from outside. */
async function seen(retry: RetryOptions, calls: readonly (readonly (number | string)[])[]) {
  const world = new PipelineWorld({ retryBudget: { capacity: 3 } }, { random: [0.2, 0.7] });
  const circuitBreaker = { failureThreshold: 4, waitDurationInOpenState: '300ms' } as const;
  const pipeline = world.pipeline({ retry, circuitBreaker, timeLimiter: { attemptTimeout: '1s' } });
  const ends = [];
  for (const script of calls) {
    const { runsAt, value, error, endedMs } = await world.call(pipeline, executions(...script));
    ends.push({ runsAt, value, error: String(error), endedMs });
  }
  const events = world.events.all.map(({ kind, timestampMs }) => [kind, timestampMs]);
  return { ends, events, balance: world.balance, breaker: world.breaker().snapshot() };
}

describe('a law of hooks', () => {
  it('changes nothing that can be seen from outside, though first attempts go another way', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, budgets, async (calls, budget) => {
        const retry: RetryOptions = { budget, backoff: { initialDelay: 100 } };
        let told = 0;

        const plain = await seen(retry, calls);
        const watched = await seen({ ...retry, onAttempt: () => (told += 1) }, calls);

        expect(watched).toEqual(plain);
        expect(told).toBeGreaterThanOrEqual(calls.length);
      }),
      { numRuns: 60 },
    );
  });
});
