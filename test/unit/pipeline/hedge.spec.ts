import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { hedgeLayer } from '../../../lib/pipeline/promise-hedge.js';
import { type Execution, HedgeWorld } from '../../support/hedge-world.js';

const hang: Execution = () => new Promise(() => undefined);

describe('hedgeLayer', () => {
  it('LM-35: the second attempt is faster: its value, and the first is aborted', async () => {
    const world = new HedgeWorld();

    const outcome = await world.hedged(
      { delay: '50ms' },
      world.takes(200, 'first'),
      world.takes(30, 'second'),
    );

    expect(world.runsAt).toEqual([0, 50]);
    expect(outcome).toEqual({ value: 'second', endedMs: 80 });
    expect(world.calls.map((each) => each.signal.aborted)).toEqual([true, false]);
    expect(world.events.kinds).toEqual(['hedge.launched']);
  });

  it('LM-35: the first is aborted at the moment it has lost, and not before', async () => {
    const world = new HedgeWorld();
    world.start(world.layer(world.rule({ delay: 50 }), world.untilAborted(), world.takes(30)));

    await world.clock.advanceTo(79);
    const before = world.calls[0]?.signal.aborted;
    await world.clock.advanceTo(80);

    expect(before).toBe(false);
    expect(world.calls[0]?.cancellation).toMatchObject({ isCancelled: true, origin: 'loser' });
    expect(world.calls[0]?.signal.reason).toMatchObject({
      name: 'AbortError',
      message: 'Quotes.get: another attempt was faster',
    });
  });

  it('LM-36: a first attempt that is fast has no company and leaves no timer', async () => {
    const world = new HedgeWorld();
    const { outcome } = world.start(world.layer(world.rule({ delay: '50ms' }), world.takes(40)));

    await world.clock.advanceTo(40);

    expect(outcome).toEqual({ value: 'after 40', endedMs: 40 });
    expect(world.runsAt).toEqual([0]);
    expect(world.clock.allTimers).toBe(0);
  });

  it('LM-37: a failure before any hedge goes out at once', async () => {
    const world = new HedgeWorld();
    const error = new Error('down');
    const { outcome } = world.start(world.layer(world.rule({ delay: '50ms' }), world.fails(10, error)));

    await world.clock.advanceTo(10);

    expect(outcome).toEqual({ error, endedMs: 10 });
    expect(world.runsAt).toEqual([0]);
    expect(world.clock.allTimers).toBe(0);
  });

  it("LM-38: all fail: the first attempt's error, when the last of them has failed", async () => {
    const world = new HedgeWorld();
    const error = new Error('first');

    const outcome = await world.hedged({ delay: '50ms' }, world.fails(200, error), world.fails(30));

    expect(outcome).toEqual({ error, endedMs: 200 });
    expect(world.runsAt).toEqual([0, 50]);
  });

  it('LM-38: the first fails while the second runs: the value of the second', async () => {
    const world = new HedgeWorld();

    const outcome = await world.hedged({ delay: '50ms' }, world.fails(60), world.takes(30, 'second'));

    expect(outcome).toEqual({ value: 'second', endedMs: 80 });
  });

  it('does not wait for a hedge that would still come when all that were started have failed', async () => {
    const world = new HedgeWorld();
    const options = { delay: 50, maxHedgedAttempts: 2 };

    const outcome = await world.hedged(options, world.fails(60, 'first'), world.fails(20, 'second'));

    expect(outcome).toEqual({ error: 'first', endedMs: 70 });
    expect(world.runsAt).toEqual([0, 50]);
  });

  it('starts the third a delay after the second, though the first has failed meanwhile', async () => {
    const world = new HedgeWorld();
    const options = { delay: 50, maxHedgedAttempts: 2 };

    const outcome = await world.hedged(options, world.fails(60), world.takes(500), world.takes(30, 'third'));

    expect(outcome).toEqual({ value: 'third', endedMs: 130 });
    expect(world.runsAt).toEqual([0, 50, 100]);
    expect(world.events.of('hedge.launched').map((each) => each.attempt)).toEqual([2, 3]);
  });

  it.each([
    ['of one that takes its time', (world: HedgeWorld) => world.takes(20)],
    ['of one that succeeds at once', () => () => Promise.resolve('value')],
  ])('LM-39: without a delay all attempts start at once (%s)', async (_, execution) => {
    const world = new HedgeWorld();

    await world.hedged({ delay: 0, maxHedgedAttempts: 2 }, execution(world));

    expect(world.runsAt).toEqual([0, 0, 0]);
    expect(world.calls.filter((each) => each.isCancelled)).toHaveLength(2);
  });

  it('LM-40: an empty budget means no hedge', async () => {
    const world = new HedgeWorld();
    const budget = world.budget({ capacity: 1, ratio: 0, minRetriesPerSecond: 0 });
    budget.tryTake();
    const rule = world.rule({ delay: '50ms', maxHedgedAttempts: 2 }, { budget });

    const outcome = await world.call(world.layer(rule, world.takes(200)));

    expect(outcome).toEqual({ value: 'after 200', endedMs: 200 });
    expect(world.runsAt).toEqual([0]);
    expect(world.events.kinds).toEqual(['budget.refused']);
  });

  it('LM-41: learns the delay from the calls that succeeded', async () => {
    const world = new HedgeWorld();
    const executions = Array.from({ length: 20 }, () => world.takes(10));
    const layer = world.layer(
      world.rule({ delay: 'p95' }),
      ...executions,
      world.takes(200),
      world.takes(1, 'hedge'),
    );
    for (let call = 0; call < 20; call += 1) await world.call(layer);
    const beganMs = world.clock.nowMs();

    const outcome = await world.call(layer);

    expect(outcome).toEqual({ value: 'hedge', endedMs: beganMs + 11 });
    expect(world.runsAt.slice(20)).toEqual([beganMs, beganMs + 10]);
    expect(world.events.kinds).toEqual(['hedge.launched']);
    expect(world.clock.allTimers).toBe(0);
  });

  it('LM-53: every winner gives its token back', async () => {
    const world = new HedgeWorld();
    const budget = world.budget({ capacity: 1, ratio: 0, minRetriesPerSecond: 0 });
    const rule = world.rule({ delay: '50ms' }, { budget });

    for (let call = 0; call < 3; call += 1) {
      await world.call(world.layer(rule, world.untilAborted(), world.takes(30)));
    }

    expect(world.events.counts()).toEqual({ 'hedge.launched': 3 });
    expect(budget.balance).toBe(1);
  });

  it('LM-54: an unsafe request is never hedged', async () => {
    const world = new HedgeWorld();
    const layer = world.layer(world.rule({ delay: '50ms' }), world.takes(200));

    const outcome = await world.call(layer, { isUnsafe: true });

    expect(outcome).toEqual({ value: 'after 200', endedMs: 200 });
    expect(world.runsAt).toEqual([0]);
    expect(world.events.all).toEqual([]);
  });

  it('takes a hedge that is refused, or throws at once, for one that failed', async () => {
    const world = new HedgeWorld();
    const thrown = (): never => {
      throw new Error('refused');
    };

    const outcome = await world.hedged({ delay: 50 }, world.takes(200, 'first'), thrown);

    expect(outcome).toEqual({ value: 'first', endedMs: 200 });
    expect(world.runsAt).toEqual([0, 50]);
  });

  it.each([
    ['succeeds', (world: HedgeWorld) => world.takes(200, 'late')],
    ['fails', (world: HedgeWorld) => world.fails(200)],
  ])('nothing follows when the loser %s after all', async (_, execution) => {
    const world = new HedgeWorld();

    const outcome = await world.hedged({ delay: 50 }, execution(world), world.takes(30, 'second'));

    expect(world.clock.nowMs()).toBe(200);
    expect(outcome).toEqual({ value: 'second', endedMs: 80 });
  });

  it('starts nothing for a caller who has left, who gets what the running attempt comes to', async () => {
    const world = new HedgeWorld();
    const layer = world.layer(world.rule({ delay: 50 }), world.untilAborted());
    const { outcome, scope } = world.start(layer, { canBeAborted: true });

    await world.clock.advanceTo(20);
    scope.cancellation.cancel('gone', 'caller');
    await world.clock.settle();

    expect(outcome).toEqual({ error: 'gone', endedMs: 20 });
    expect(world.calls[0]?.cancellation.origin).toBe('caller');
    expect(world.clock.allTimers).toBe(0);
  });

  it('leaves no timer for a caller who has left a method that does not care', async () => {
    const world = new HedgeWorld();
    const layer = world.layer(world.rule({ delay: 50 }), hang);
    const { scope } = world.start(layer, { deadlineMs: 30 });

    await world.clock.advanceTo(30);
    scope.cancellation.cancel(new Error('timeout'), 'limit');

    expect(world.clock.allTimers).toBe(0);
  });

  it('starts nothing while the application closes', async () => {
    const world = new HedgeWorld();
    const { outcome } = world.start(world.layer(world.rule({ delay: 50 }), world.takes(200)));

    world.lifetime.close();
    await world.clock.runAll();

    expect(outcome).toEqual({ value: 'after 200', endedMs: 200 });
    expect(world.runsAt).toEqual([0]);
  });

  it("runs each attempt in its own caller's async context", async () => {
    const world = new HedgeWorld();
    const request = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const method: Execution = (call) => {
      seen.push(request.getStore());
      return world.takes(200)(call);
    };
    const layer = world.layer(world.rule({ delay: 50, maxHedgedAttempts: 2 }), method);

    for (const id of ['one', 'two']) request.run(id, () => world.start(layer));
    await world.clock.runAll();

    expect(seen).toEqual(['one', 'two', 'one', 'two', 'one', 'two']);
  });

  it('serves all calls with one timer, and gives it up with the last of them', async () => {
    const world = new HedgeWorld();
    const layer = world.layer(world.rule({ delay: 50 }), () => Promise.resolve('value'));

    for (let call = 0; call < 5; call += 1) world.start(layer);
    const during = world.clock.allTimers;
    await world.clock.settle();

    expect(during).toBe(1);
    expect(world.clock.allTimers).toBe(0);
  });

  it('all attempts have the number of the attempt that they run beside', async () => {
    const world = new HedgeWorld();
    const layer = world.layer(world.rule({ delay: 50 }), world.takes(200), world.takes(10));
    const record = world.record();
    const { scope } = world.start(() => Promise.resolve());

    void layer(scope.inner(3), record);
    await world.clock.runAll();

    expect(world.calls.map((each) => each.attempt)).toEqual([3, 3]);
  });

  it('makes a scope that calls inside of it end with', async () => {
    const world = new HedgeWorld();
    world.start(world.layer(world.rule({ delay: 50 }), hang, world.takes(30)));

    await world.clock.runAll();

    expect(world.calls.map((each) => each.isLimited)).toEqual([true, true]);
  });

  it('uses what was done for the first attempt for no other', async () => {
    const world = new HedgeWorld();
    const invocation = { result: Promise.resolve('learned'), scope: undefined, hasFailed: false };
    const seen: unknown[] = [];
    const layer = hedgeLayer(world.rule({ delay: 0 }), world.environment, (_scope, record) => {
      seen.push(record.invocation, record.admission(1));
      return Promise.resolve(record.invocation?.result);
    });
    const record = world.record();
    Object.assign(record, { firstAttempt: { admissions: [undefined, 7], invocation } });
    const { scope } = world.start(() => Promise.resolve());

    const value = await layer(scope, record);

    expect(seen).toEqual([invocation, 7, undefined, undefined]);
    expect(value).toBe('learned');
  });

  it.each([
    [0, 2],
    [50, 1],
  ])('a first attempt that is known to have failed is one like any other (delay %d)', async (delay, runs) => {
    const world = new HedgeWorld();
    const record = world.record();
    const invocation = { result: undefined, scope: undefined, hasFailed: true };
    Object.assign(record, { firstAttempt: { admissions: [], invocation } });
    const { scope } = world.start(() => Promise.resolve());
    const layer = world.layer(world.rule({ delay }), () => Promise.reject(new Error('down')));

    await expect(layer(scope, record)).rejects.toThrow('down');

    expect(world.runsAt).toHaveLength(runs);
    expect(world.clock.allTimers).toBe(0);
  });
});
