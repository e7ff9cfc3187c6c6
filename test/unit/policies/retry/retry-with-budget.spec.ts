import { describe, expect, it } from '@jest/globals';
import { type RetryOptions, retryInfo } from '../../../../lib/policies/retry/index.js';
import {
  RetryBudgetRule,
  type RetryBudgetOptions,
  resolveRetryBudgetOptions,
} from '../../../../lib/policies/retry-budget/index.js';
import { FAILS, RetryWorld, type Behaviour, caseOptions, outcomes } from '../../../support/retry-world.js';

const AT_ONCE: RetryOptions = caseOptions({ budget: 'default', backoff: { type: 'fixed', initialDelay: 0 } });

function worldWith(budgetOptions: RetryBudgetOptions, options: RetryOptions = AT_ONCE) {
  const world = new RetryWorld();
  const resolved = resolveRetryBudgetOptions('default', budgetOptions);
  const budget = new RetryBudgetRule('default', resolved, world.clock);
  return { world, budget, rule: world.rule(options, budget) };
}

const noTrickle = (capacity: number): RetryBudgetOptions => ({
  capacity,
  ratio: 0.1,
  minRetriesPerSecond: 0,
});

/** Calls one after the other; answers how many executions each had. */
async function callsOf({ world, rule }: ReturnType<typeof worldWith>, behaviour: Behaviour, times: number) {
  const runs: number[] = [];
  for (let call = 0; call < times; call += 1) runs.push((await world.call(rule, behaviour)).runsAt.length);
  return runs;
}

describe('RetryRule with a budget', () => {
  it('BS-01: grants two retries to each of five calls and refuses the sixth', async () => {
    const given = worldWith(noTrickle(10));

    const runs = await callsOf(given, FAILS, 6);

    expect(runs).toEqual([3, 3, 3, 3, 3, 1]);
    expect(given.world.events.of('budget.refused')).toMatchObject([{ budget: 'default', policy: 'retry' }]);
    expect(given.world.events.of('retry.gave-up').at(-1)).toMatchObject({ reason: 'budget', attempts: 1 });
  });

  it('BS-02: never refuses a first attempt', async () => {
    const given = worldWith(noTrickle(1));
    given.budget.tryTake();

    const outcome = await given.world.call(given.rule, outcomes('ok'));

    expect(outcome.value).toBe('ok');
  });

  it('BS-03: grants two retries for twenty successes', async () => {
    const given = worldWith(noTrickle(10));
    while (given.budget.tryTake());
    for (let call = 0; call < 10; call += 1) given.rule.succeededAtOnce();
    await callsOf(given, outcomes('ok'), 10);

    const runs = await callsOf(given, FAILS, 2);

    expect(runs).toEqual([3, 1]);
  });

  it('BS-04: refuses nobody whose retries succeed', async () => {
    const given = worldWith(noTrickle(10));

    const runs = await callsOf(given, outcomes(503, 'ok'), 100);

    expect(new Set(runs)).toEqual(new Set([2]));
    expect(given.budget.balance).toBe(10);
  });

  it('BS-05: refuses the eleventh where nothing is given back', async () => {
    const given = worldWith({ ...noTrickle(10), refund: false });

    const runs = await callsOf(given, outcomes(503, 'ok'), 11);

    expect(runs.at(-1)).toBe(1);
    expect(runs.slice(0, -1)).toEqual(Array.from({ length: 10 }, () => 2));
  });

  it('BS-06: gives back only the token of the retry that succeeded', async () => {
    const given = worldWith(noTrickle(10));

    await given.world.call(given.rule, outcomes(503, 503, 'ok'));

    expect(given.budget.balance).toBe(9);
  });

  it('BS-09: gives the token back when the delay is aborted', async () => {
    const given = worldWith(noTrickle(1), caseOptions({ backoff: { type: 'fixed', initialDelay: 1000 } }));
    const scope = given.world.scope();
    given.world.start(given.rule, FAILS, scope);
    await given.world.clock.advanceTo(500);
    scope.cancellation.cancel(new Error('stop'), 'caller');
    await given.world.clock.advanceTo(600);

    const outcome = await given.world.call(given.rule, outcomes(503, 'ok'));

    expect(outcome.value).toBe('ok');
  });

  it('BS-10: takes nothing for a retry that the limit of time forbids', async () => {
    const given = worldWith(
      noTrickle(10),
      caseOptions({ maxDuration: 500, backoff: { type: 'fixed', initialDelay: 1000 } }),
    );

    await callsOf(given, FAILS, 20);

    expect(given.budget.balance).toBe(10);
    expect(given.world.events.of('retry.gave-up').every(({ reason }) => reason === 'deadline')).toBe(true);
  });

  it('BS-11: takes nothing for what is not retried', async () => {
    const given = worldWith(noTrickle(10));

    await callsOf(given, outcomes(404), 50);

    expect(given.budget.balance).toBe(10);
    expect(given.world.events.of('budget.refused')).toEqual([]);
  });

  it('BS-12: makes 1010 executions of a thousand failing calls', async () => {
    const given = worldWith({}, {});

    const calls = Array.from({ length: 1000 }, () => given.world.start(given.rule, FAILS));
    await given.world.clock.settle();
    await given.world.clock.runAll();

    expect(calls.reduce((sum, { runsAt }) => sum + runsAt.length, 0)).toBe(1010);
  });

  it('BS-14: returns a bad value at once where the budget is empty', async () => {
    const given = worldWith(noTrickle(1), { ...AT_ONCE, retryOnResult: () => true });
    given.budget.tryTake();

    const outcome = await given.world.call(given.rule, outcomes('bad'));

    expect(outcome).toMatchObject({ value: 'bad', runsAt: [0], endedMs: 0 });
    expect(given.world.events.of('retry.gave-up')).toMatchObject([{ reason: 'budget' }]);
    expect(retryInfo(outcome.value)).toBeUndefined();
  });
});
