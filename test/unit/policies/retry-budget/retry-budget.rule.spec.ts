import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../../lib/core/errors.js';
import {
  RetryBudgetRule,
  type RetryBudgetOptions,
  resolveRetryBudgetOptions,
} from '../../../../lib/policies/retry-budget/index.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

function budgetOf(options: RetryBudgetOptions, clock = new ManualClock()): RetryBudgetRule {
  return new RetryBudgetRule('default', resolveRetryBudgetOptions('default', options), clock);
}

/** Budget(c, r, m) of the specification. */
function proportional(
  capacity: number,
  ratio: number,
  minRetriesPerSecond: number,
  clock = new ManualClock(),
) {
  return budgetOf({ capacity, ratio, minRetriesPerSecond }, clock);
}

/** Takes as many tokens as there are, at most so many. */
function takeAll(budget: RetryBudgetRule, most = 1000): number {
  let taken = 0;
  while (taken < most && budget.tryTake()) taken += 1;
  return taken;
}

/** When a retry is granted that is asked for every so many milliseconds, both ends included. */
async function grantsAt(options: RetryBudgetOptions, everyMs: number, untilMs: number): Promise<number[]> {
  let nowMs = 0;
  const clock = Object.assign(new ManualClock(), { nowMs: () => nowMs });
  const budget = budgetOf(options, clock);
  const granted: number[] = [];
  for (; nowMs <= untilMs; nowMs += everyMs) if (budget.tryTake()) granted.push(nowMs);
  return granted;
}

describe('RetryBudgetRule in proportion to success', () => {
  it('BS-03: makes exactly two tokens of twenty deposits of a tenth', () => {
    const budget = proportional(10, 0.1, 0);
    takeAll(budget);

    for (let call = 0; call < 20; call += 1) budget.deposit();

    expect(budget.balance).toBe(2);
    expect(takeAll(budget)).toBe(2);
  });

  it('makes exactly one token of ten deposits, not of nine', () => {
    const budget = proportional(10, 0.1, 0);
    takeAll(budget);
    for (let call = 0; call < 9; call += 1) budget.deposit();

    const afterNine = budget.tryTake();
    budget.deposit();

    expect([afterNine, budget.tryTake()]).toEqual([false, true]);
  });

  it('BS-07: never holds more than its capacity', () => {
    const budget = proportional(10, 0.1, 0);

    for (let call = 0; call < 500; call += 1) budget.deposit();

    expect(takeAll(budget)).toBe(10);
  });

  it('BS-08: trickles exactly', async () => {
    const clock = new ManualClock();
    const budget = proportional(10, 0.1, 0.1, clock);
    takeAll(budget);

    const grants: boolean[] = [];
    for (const atMs of [9999, 10_000, 19_999, 20_000]) {
      await clock.advanceTo(atMs);
      grants.push(budget.tryTake());
    }

    expect(grants).toEqual([false, true, false, true]);
  });

  it('trickles exactly after a year without a pause', async () => {
    const yearMs = 31_536_000_000;
    const clock = new ManualClock();
    const budget = proportional(10, 0.1, 0.1, clock);
    takeAll(budget);
    await clock.advanceTo(yearMs);
    takeAll(budget);

    await clock.advanceTo(yearMs + 9999);
    const early = budget.tryTake();
    await clock.advanceTo(yearMs + 10_000);

    expect([early, budget.tryTake()]).toEqual([false, true]);
  });

  it('BS-04: gives the token of a retry that succeeded back', () => {
    const budget = proportional(10, 0.1, 0);

    const granted = Array.from({ length: 1000 }, () => {
      const isGranted = budget.tryTake();
      budget.giveBack('succeeded');
      return isGranted;
    });

    expect(granted).not.toContain(false);
  });

  it('BS-05: gives nothing back for a success without refund, but for a retry that did not start', () => {
    const budget = budgetOf({ capacity: 10, ratio: 0, minRetriesPerSecond: 0, refund: false });
    takeAll(budget);

    budget.giveBack('succeeded');
    const afterSuccess = budget.balance;
    budget.giveBack('not-started');

    expect([afterSuccess, budget.balance]).toEqual([0, 1]);
  });

  it('keeps its balance when options are replaced, as far as the new capacity holds it', () => {
    const budget = proportional(10, 0.1, 0);
    budget.tryTake();

    budget.reconfigure(
      resolveRetryBudgetOptions('default', { capacity: 4, ratio: 0.5, minRetriesPerSecond: 0 }),
    );
    const lowered = budget.snapshot();
    budget.tryTake();
    budget.deposit();

    expect(lowered).toEqual({ name: 'default', balance: 4, capacity: 4 });
    expect(budget.balance).toBe(3.5);
  });
});

describe('RetryBudgetRule as a plain bucket', () => {
  it('BS-15: grants a burst of its rate, then one per interval', async () => {
    const clock = new ManualClock();
    const budget = budgetOf({ maxRetriesPerSecond: 10 }, clock);

    const atOnce = takeAll(budget, 20);
    await clock.advanceTo(99);
    const early = takeAll(budget, 20);
    await clock.advanceTo(100);

    expect([atOnce, early, takeAll(budget, 20)]).toEqual([10, 0, 1]);
  });

  it('BS-16: grants exactly its rate in the long run', async () => {
    expect(await grantsAt({ maxRetriesPerSecond: 10 }, 1, 10_000)).toHaveLength(110);
  });

  it('BS-17: grants one retry per interval below one per second', async () => {
    expect(await grantsAt({ maxRetriesPerSecond: 0.5 }, 100, 10_000)).toEqual([
      0, 2000, 4000, 6000, 8000, 10_000,
    ]);
  });

  it('adds nothing for successes', () => {
    const budget = budgetOf({ maxRetriesPerSecond: 3 });
    takeAll(budget);

    budget.deposit();
    budget.giveBack('succeeded');

    expect(budget.balance).toBe(0);
  });
});

describe('resolveRetryBudgetOptions', () => {
  it('fills the defaults of the contract', () => {
    expect(resolveRetryBudgetOptions('default')).toEqual({
      capacity: 10,
      ratio: 0.1,
      tokensPerSecond: 0.1,
      refund: true,
    });
  });

  it.each([
    { maxRetriesPerSecond: -1 },
    { maxRetriesPerSecond: Number.NaN },
    { maxRetriesPerSecond: Number.POSITIVE_INFINITY },
    { capacity: 0 },
    { capacity: 0.5 },
    { ratio: -0.1 },
    { minRetriesPerSecond: Number.POSITIVE_INFINITY },
    { refund: 'yes' },
    { tokens: 10 },
    { capacity: 10, maxRetriesPerSecond: 10 },
  ])('BS-18: refuses %p', (given) => {
    const resolve = (): unknown =>
      resolveRetryBudgetOptions('retryBudgets.reports', given as RetryBudgetOptions);

    expect(resolve).toThrow(InvalidOptionsError);
    expect(resolve).toThrow(/^retryBudgets\.reports: retryBudget\./);
  });
});
