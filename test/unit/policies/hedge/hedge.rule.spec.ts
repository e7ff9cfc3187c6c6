import { describe, expect, it } from '@jest/globals';
import { callWith } from '../../../support/rule-world.js';
import { HedgeWorld } from '../../../support/hedge-world.js';

const call = callWith([], { operation: 'Quotes.get' });

describe('HedgeRule', () => {
  it('lets further attempts start, at most maxHedgedAttempts, and tells of each', () => {
    const world = new HedgeWorld();
    const run = world.rule({ delay: 50, maxHedgedAttempts: 2 }).begin(call);

    const granted = [run.admit(), run.admit(), run.admit()];

    expect(granted).toEqual([true, true, false]);
    expect(run.mayLaunch).toBe(false);
    expect(world.events.all).toMatchObject([
      { kind: 'hedge.launched', operation: 'Quotes.get', policy: 'hedge', attempt: 2 },
      { kind: 'hedge.launched', operation: 'Quotes.get', policy: 'hedge', attempt: 3 },
    ]);
  });

  it('LM-40: an empty budget refuses once, and that is final', () => {
    const world = new HedgeWorld();
    const budget = world.budget({ capacity: 1, ratio: 0, minRetriesPerSecond: 0 });
    budget.tryTake();
    const run = world.rule({ delay: 50, maxHedgedAttempts: 2 }, { budget }).begin(call);

    const granted = [run.admit(), run.admit()];

    expect(granted).toEqual([false, false]);
    expect(world.events.all).toMatchObject([
      { kind: 'budget.refused', operation: 'Quotes.get', policy: 'hedge', budget: 'default' },
    ]);
  });

  it('gives the token of a hedge that wins back, and that of one that loses not', () => {
    const world = new HedgeWorld();
    const budget = world.budget({ capacity: 10, ratio: 0, minRetriesPerSecond: 0 });
    const rule = world.rule({ delay: 50, maxHedgedAttempts: 2 }, { budget });
    const won = rule.begin(call);
    const lost = rule.begin(call);
    for (const run of [won, lost]) while (run.admit());

    won.succeeded(3);
    lost.succeeded(1);

    expect(budget.balance).toBe(7);
  });

  it('S1: only the success of a first attempt pays in', () => {
    const world = new HedgeWorld();
    const budget = world.budget({ capacity: 10, ratio: 0.5, minRetriesPerSecond: 0 });
    for (let taken = 0; taken < 5; taken += 1) budget.tryTake();
    const rule = world.rule({ delay: 50 }, { budget });
    const [first, second] = [rule.begin(call), rule.begin(call)];
    second.admit();

    first.succeeded(1);
    second.succeeded(2);

    expect(budget.balance).toBe(5.5);
  });

  it('pays nothing in where the retry of the method does', () => {
    const world = new HedgeWorld();
    const budget = world.budget({ capacity: 10, ratio: 0.5, minRetriesPerSecond: 0 });
    budget.tryTake();
    const run = world.rule({ delay: 50 }, { budget, deposits: false }).begin(call);

    run.succeeded(1);

    expect(budget.balance).toBe(9);
  });

  it('settles once: a later success is no result and gives nothing back', () => {
    const world = new HedgeWorld();
    const budget = world.budget({ capacity: 10, ratio: 0, minRetriesPerSecond: 0 });
    const run = world.rule({ delay: 50 }, { budget }).begin(call);
    run.admit();

    const results = [run.succeeded(1), run.succeeded(2)];

    expect(results).toEqual([true, false]);
    expect(run.failed(2, new Error('late'))).toEqual({ kind: 'wait' });
    expect(budget.balance).toBe(9);
  });

  it("LM-38: a failure waits for what is running; if all fail, the first attempt's error is the result", () => {
    const world = new HedgeWorld();
    const run = world.rule({ delay: 50 }).begin(call);
    const [first, second] = [new Error('first'), new Error('second')];
    run.admit();

    const decisions = [run.failed(2, second), run.failed(1, first)];

    expect(decisions).toEqual([{ kind: 'wait' }, { kind: 'done', error: first }]);
  });

  it('LM-54: an unsafe request is never hedged and takes no token', () => {
    const world = new HedgeWorld();
    const budget = world.budget();
    const unsafe = callWith([], { isUnsafe: true });

    const run = world.rule({ delay: 0 }, { budget }).begin(unsafe);

    expect([run.mayLaunch, run.admit()]).toEqual([false, false]);
    expect(budget.balance).toBe(10);
    expect(world.events.all).toEqual([]);
  });

  it.each(['left', 'closing'])('starts nothing for a call that nobody waits for (%s)', (how) => {
    const world = new HedgeWorld();
    const budget = world.budget();
    if (how === 'closing') world.lifetime.close();
    const run = world.rule({ delay: 50 }, { budget }).begin(callWith([], { isCancelled: how === 'left' }));

    const isGranted = run.admit();

    expect(isGranted).toBe(false);
    expect(budget.balance).toBe(10);
    expect(world.events.all).toEqual([]);
  });

  it('LM-41: without a fixed delay it knows one after 20 successes, whatever failed', async () => {
    const world = new HedgeWorld();
    const rule = world.rule({ delay: 'p95' });
    const begun = Array.from({ length: 40 }, () => rule.begin(call));
    await world.clock.advance(10);

    for (const run of begun.slice(0, 20)) run.failed(1, new Error('down'));
    for (const run of begun.slice(20, 39)) run.succeeded(1);
    const early = rule.begin(call).mayLaunch;
    begun[39]?.succeeded(1);

    expect(early).toBe(false);
    expect(rule.begin(call)).toMatchObject({ mayLaunch: true, delayMs: 10 });
  });

  it('counts how long the whole call took that a hedge has won, so that the delay does not shrink with it', async () => {
    const world = new HedgeWorld();
    const rule = world.rule({ delay: 'p50' });
    for (let index = 0; index < 20; index += 1) {
      const run = rule.begin(call);
      await world.clock.advance(40);
      run.succeeded(1);
    }
    const { delayMs } = rule.begin(call);

    for (let index = 0; index < 25; index += 1) {
      const run = rule.begin(call);
      await world.clock.advance(40);
      run.admit();
      await world.clock.advance(5);
      run.succeeded(2);
    }

    expect(delayMs).toBe(40);
    expect(rule.begin(call).delayMs).toBe(45);
  });
});
