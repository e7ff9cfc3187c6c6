import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FAILS, RetryWorld, caseOptions, outcomes } from '../support/retry-world.js';

const headerValues = fc.oneof(
  fc.string(),
  fc.nat().map(String),
  fc.date({ noInvalidDate: true }).map((each) => each.toUTCString()),
);

describe('laws of retry', () => {
  it('executes min(failures, maxAttempts - 1) + 1 times and ends exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(8), fc.integer({ min: 1, max: 6 }), async (failures, maxAttempts) => {
        const world = new RetryWorld();
        const list = [...Array.from({ length: failures }, () => 503), 'ok'];

        const outcome = await world.call(world.rule(caseOptions({ maxAttempts })), outcomes(...list));

        const { 'retry.gave-up': gaveUp = 0, 'retry.recovered': recovered = 0 } = world.events.counts();
        expect(outcome.runsAt).toHaveLength(Math.min(failures, maxAttempts - 1) + 1);
        expect(gaveUp).toBe(failures >= maxAttempts ? 1 : 0);
        expect(recovered).toBe(failures > 0 && failures < maxAttempts ? 1 : 0);
      }),
      { numRuns: 50 },
    );
  });

  it('starts no attempt at or after maxDuration', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 500 }), fc.nat(200), async (maxDuration, initialDelay) => {
        const world = new RetryWorld();
        const options = caseOptions({
          maxAttempts: 20,
          maxDuration,
          backoff: { type: 'fixed', initialDelay },
        });

        const outcome = await world.call(world.rule(options), FAILS);

        expect(Math.max(...outcome.runsAt)).toBeLessThan(maxDuration);
      }),
      { numRuns: 50 },
    );
  });

  it('never waits less than its own delay, whatever the server says, and never throws', () => {
    fc.assert(
      fc.property(headerValues, (value) => {
        const world = new RetryWorld();
        const scope = world.scope();
        const run = world.rule(caseOptions({ maxRetryAfter: '1d' })).begin(scope);

        const decision = run.decideError({ status: 503, headers: { 'retry-after': value } }, scope);

        return decision.kind === 'done' || decision.delayMs >= 100;
      }),
    );
  });
});
