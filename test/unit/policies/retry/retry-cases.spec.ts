import { describe, expect, it } from '@jest/globals';
import { DELAY_CASES, LIMIT_CASES, RETRY_AFTER_CASES } from '../../../support/retry-cases.js';
import { RetryWorld } from '../../../support/retry-world.js';

describe('RetryRule, case by case', () => {
  it.each([...DELAY_CASES, ...RETRY_AFTER_CASES, ...LIMIT_CASES])('$name', async (given) => {
    const world = new RetryWorld({ random: given.random ?? 0.5 });

    const outcome = await world.call(world.rule(given.options), given.behaviour);

    const recovered = world.events.of('retry.recovered').map(() => 'recovered');
    const gaveUp = world.events.of('retry.gave-up').map(({ reason }) => reason);
    expect(outcome.runsAt).toEqual(given.runsAt);
    expect([...recovered, ...gaveUp]).toEqual(given.end === undefined ? [] : [given.end]);
    expect(world.events.of('retry.scheduled')).toHaveLength(given.runsAt.length - 1);
    expect(outcome.endedMs).toBe(given.endsAt ?? given.runsAt.at(-1));
    expect(world.clock.pendingTimers).toBe(0);
  });
});
