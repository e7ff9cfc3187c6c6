import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { RetryBudgetRule, resolveRetryBudgetOptions } from '../../lib/policies/retry-budget/index.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** Whole tenths and hundredths, so that the reference can count in whole numbers. */
const budgets = fc.record({
  capacity: fc.integer({ min: 1, max: 50 }),
  hundredths: fc.nat(200),
  perSecond: fc.nat(20),
  refund: fc.boolean(),
});

const steps = fc.array(
  fc.oneof(
    fc.constant({ act: 'take' as const }),
    fc.constant({ act: 'deposit' as const }),
    fc.constant({ act: 'succeeded' as const }),
    fc.constant({ act: 'not-started' as const }),
    fc.nat(5000).map((byMs) => ({ act: 'pass' as const, byMs })),
  ),
  { maxLength: 300 },
);

describe('laws of the retry budget', () => {
  it('agrees with an account that is kept in whole thousandths, never negative, never above capacity', () => {
    fc.assert(
      fc.property(budgets, steps, ({ capacity, hundredths, perSecond, refund }, list) => {
        let nowMs = 0;
        const clock = Object.assign(new ManualClock(), { nowMs: () => nowMs });
        const options = { capacity, ratio: hundredths / 100, minRetriesPerSecond: perSecond, refund };
        const budget = new RetryBudgetRule('b', resolveRetryBudgetOptions('b', options), clock);
        let thousandths = capacity * 1000;
        const add = (amount: number): void => {
          thousandths = Math.min(capacity * 1000, thousandths + amount);
        };

        return list.every((step) => {
          if (step.act === 'pass') {
            nowMs += step.byMs;
            add(step.byMs * perSecond);
          } else if (step.act === 'take') {
            const isGranted = thousandths >= 1000;
            if (isGranted) thousandths -= 1000;
            if (budget.tryTake() !== isGranted) return false;
          } else if (step.act === 'deposit') {
            budget.deposit();
            add(hundredths * 10);
          } else {
            budget.giveBack(step.act);
            add(step.act === 'not-started' || refund ? 1000 : 0);
          }
          const { balance } = budget;
          return balance === thousandths / 1000 && balance >= 0 && balance <= capacity;
        });
      }),
    );
  });

  it('grants at most capacity, deposits and trickle together', () => {
    fc.assert(
      fc.property(
        budgets,
        fc.nat(300),
        fc.nat(60_000),
        ({ capacity, hundredths, perSecond }, deposits, untilMs) => {
          let nowMs = 0;
          const clock = Object.assign(new ManualClock(), { nowMs: () => nowMs });
          const options = { capacity, ratio: hundredths / 100, minRetriesPerSecond: perSecond };
          const budget = new RetryBudgetRule('b', resolveRetryBudgetOptions('b', options), clock);
          let granted = 0;
          const takeAll = (): void => {
            while (budget.tryTake()) granted += 1;
          };

          takeAll();
          for (let call = 0; call < deposits; call += 1) budget.deposit();
          takeAll();
          nowMs = untilMs;
          takeAll();

          return granted * 1000 <= capacity * 1000 + deposits * hundredths * 10 + untilMs * perSecond;
        },
      ),
    );
  });
});
