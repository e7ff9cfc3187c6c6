import { describe, expect, it } from '@jest/globals';
import { Policies } from '../../../lib/pipeline/index.js';
import { RetryBudgetRule, resolveRetryBudgetOptions } from '../../../lib/policies/retry-budget/index.js';
import { retryInfo } from '../../../lib/policies/retry/index.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';
import { executions, fails, OPERATION, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions } from '../../support/retry-world.js';

const budgetOf = (capacity: number, ratio = 0.1, minRetriesPerSecond = 0) => ({
  capacity,
  ratio,
  minRetriesPerSecond,
});
const RETRY = caseOptions({ budget: 'default', backoff: { type: 'fixed', initialDelay: 0 } });
const succeeds = async (): Promise<string> => 'ok';

function worldWith(retryBudget: object, retry = RETRY) {
  const world = new PipelineWorld({ retryBudget });
  return { world, pipeline: world.pipeline({ retry }) };
}

async function empty(world: PipelineWorld): Promise<void> {
  while (world.engine.budgets.get('default').tryTake());
  await world.clock.settle();
}

describe('a retry budget through a pipeline', () => {
  it('BS-01: grants two retries to each of five calls and refuses the sixth', async () => {
    const { world, pipeline } = worldWith(budgetOf(10));

    const runs = await world.runsOf(pipeline, fails, 6);

    expect(runs).toEqual([3, 3, 3, 3, 3, 1]);
    expect(world.events.of('budget.refused')).toHaveLength(1);
    expect(world.events.of('retry.gave-up').at(-1)).toMatchObject({ reason: 'budget', attempts: 1 });
  });

  it('BS-02: never refuses a first attempt', async () => {
    const { world, pipeline } = worldWith(budgetOf(1));
    await empty(world);

    expect((await world.call(pipeline, succeeds)).value).toBe('ok');
  });

  it('BS-03: grants two retries for twenty successes', async () => {
    const { world, pipeline } = worldWith(budgetOf(10));
    await empty(world);
    await world.runsOf(pipeline, succeeds, 20);

    const runs = await world.runsOf(pipeline, fails, 2);

    expect(runs.reduce((sum, each) => sum + each - 1, 0)).toBe(2);
  });

  it('BS-04: refuses nobody whose retries succeed', async () => {
    const { world, pipeline } = worldWith(budgetOf(10));

    const calls = [];
    for (let call = 0; call < 1000; call += 1) {
      calls.push(world.start(pipeline, executions(503, 'ok')));
      if (call % 10 === 9) await world.clock.runAll();
    }

    expect(calls.every(({ value }) => value === 'ok')).toBe(true);
    expect(world.events.of('budget.refused')).toEqual([]);
  });

  it('BS-05: refuses the eleventh where nothing is given back', async () => {
    const { world, pipeline } = worldWith({ ...budgetOf(10), refund: false });

    const runs = await world.runsOf(pipeline, executions(503, 'ok'), 11);

    expect(runs).toEqual([...Array.from({ length: 10 }, () => 2), 1]);
  });

  it('BS-06: gives back only the token of the retry that succeeded', async () => {
    const { world, pipeline } = worldWith(budgetOf(10));

    await world.call(pipeline, executions(503, 503, 'ok'));

    expect(world.balance).toBe(9);
  });

  it('BS-07: never holds more than its capacity', async () => {
    const { world, pipeline } = worldWith(budgetOf(10));
    const calls = Array.from({ length: 500 }, () => world.start(pipeline, succeeds));
    await world.clock.settle();

    const runs = await world.runsOf(pipeline, fails, 20);

    expect(calls).toHaveLength(500);
    expect(runs.reduce((sum, each) => sum + each - 1, 0)).toBe(10);
  });

  it('BS-08: trickles', async () => {
    const { world, pipeline } = worldWith(budgetOf(10, 0.1, 0.1));
    await empty(world);
    const runs: number[] = [];

    for (const at of [9999, 10_000, 19_999, 20_000]) {
      await world.clock.advanceTo(at);
      runs.push((await world.call(pipeline, fails)).runsAt.length);
    }

    expect(runs).toEqual([1, 2, 1, 2]);
  });

  it('BS-09: gives the token back when the delay is aborted', async () => {
    const slow = caseOptions({ budget: 'default', backoff: { type: 'fixed', initialDelay: 1000 } });
    const { world, pipeline } = worldWith(budgetOf(1), slow);
    const controller = new AbortController();
    world.start(pipeline, fails, { signal: controller.signal });
    await world.clock.advanceTo(500);
    controller.abort();
    await world.clock.advanceTo(600);

    const other = await world.call(pipeline, executions(503, 'ok'));

    expect(other).toMatchObject({ value: 'ok', runsAt: [600, 1600] });
  });

  it('BS-09: gives the token back when the application closes', async () => {
    const slow = caseOptions({ budget: 'default', backoff: { type: 'fixed', initialDelay: 1000 } });
    const { world, pipeline } = worldWith(budgetOf(1), slow);
    world.start(pipeline, fails);
    await world.clock.advanceTo(500);

    world.policies.close();
    await world.clock.settle();

    expect(world.balance).toBe(1);
  });

  it('BS-10: takes nothing for a retry that the limit of time forbids', async () => {
    const retry = caseOptions({
      budget: 'default',
      maxDuration: 500,
      backoff: { type: 'fixed', initialDelay: 1000 },
    });
    const { world, pipeline } = worldWith(budgetOf(10), retry);

    await world.runsOf(pipeline, fails, 20);

    expect(world.balance).toBe(10);
    expect(new Set(world.events.of('retry.gave-up').map(({ reason }) => reason))).toEqual(
      new Set(['deadline']),
    );
  });

  it('BS-11: takes nothing for what is not retried', async () => {
    const { world, pipeline } = worldWith(budgetOf(10));

    await world.runsOf(pipeline, executions(404), 50);

    expect(world.balance).toBe(10);
    expect(world.events.of('budget.refused')).toEqual([]);
  });

  it('BS-12: makes 1010 executions of a thousand failing calls', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: {} });

    const calls = Array.from({ length: 1000 }, () => world.start(pipeline, fails));
    await world.clock.runAll();

    expect(calls.reduce((sum, { runsAt }) => sum + runsAt.length, 0)).toBe(1010);
  });

  it('BS-13: is shared by an application, apart by name, and asked by nobody who wants none', async () => {
    const world = new PipelineWorld({ retryBudgets: { reports: {} } });
    const other = new PipelineWorld();
    const runsWith = async (budget: string | false, operation: string): Promise<number[]> =>
      world.runsOf(world.pipeline({ retry: { ...RETRY, budget } }, operation), fails, 1);
    await world.runsOf(world.pipeline({ retry: RETRY }, 'first'), fails, 5);

    expect(await runsWith('default', 'second')).toEqual([1]);
    expect(await runsWith('reports', 'third')).toEqual([3]);
    expect(await runsWith(false, 'fourth')).toEqual([3]);
    expect(await other.runsOf(other.pipeline({ retry: RETRY }), fails, 1)).toEqual([3]);
  });

  it('BS-14: returns a bad value at once where the budget is empty', async () => {
    const { world, pipeline } = worldWith(budgetOf(1), { ...RETRY, retryOnResult: () => true });
    await empty(world);

    const call = await world.call(pipeline, async () => 'bad');

    expect(call).toMatchObject({ value: 'bad', runsAt: [0], endedMs: 0 });
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'budget' }]);
  });
});

describe('the plain bucket', () => {
  const bucket = (maxRetriesPerSecond: number) => {
    const clock = new ManualClock();
    const options = resolveRetryBudgetOptions('default', { maxRetriesPerSecond });
    return { clock, budget: new RetryBudgetRule('default', options, clock) };
  };

  it('BS-15: grants ten at once, and one a tenth of a second later', async () => {
    const { world, pipeline } = worldWith({ maxRetriesPerSecond: 10 }, { ...RETRY, maxAttempts: 2 });
    const at0 = Array.from({ length: 20 }, () => world.start(pipeline, fails));
    await world.clock.runAll();
    await world.clock.advanceTo(99);
    const at99 = await world.call(pipeline, fails);
    await world.clock.advanceTo(100);
    const at100 = [await world.call(pipeline, fails), await world.call(pipeline, fails)];

    expect(at0.filter(({ runsAt }) => runsAt.length === 2)).toHaveLength(10);
    expect([at99, ...at100].map(({ runsAt }) => runsAt.length)).toEqual([1, 2, 1]);
  });

  it('BS-16: grants 110 in ten seconds that ask every millisecond', async () => {
    const { clock, budget } = bucket(10);
    let granted = 0;

    for (let at = 0; at <= 10_000; at += 1) {
      if (budget.tryTake()) granted += 1;
      await Promise.resolve();
      Object.assign(clock, { monotonicMs: at + 1 });
    }

    expect(granted).toBe(110);
  });

  it('BS-17: grants one every two seconds', () => {
    const { clock, budget } = bucket(0.5);
    const grantedAt: number[] = [];

    for (let at = 0; at <= 10_000; at += 100) {
      Object.assign(clock, { monotonicMs: at });
      if (budget.tryTake()) grantedAt.push(at);
    }

    expect(grantedAt).toEqual([0, 2000, 4000, 6000, 8000, 10_000]);
  });

  it.each([
    [{ maxRetriesPerSecond: -1 }],
    [{ maxRetriesPerSecond: Number.NaN }],
    [{ capacity: 0 }],
    [{ ratio: -0.1 }],
    [{ capacity: 10, maxRetriesPerSecond: 10 }],
  ])('BS-18: refuses %j', (retryBudget) => {
    // The types refuse some of them already.
    const options = { retryBudget: retryBudget as object };

    expect(() => new Policies(options)).toThrow(expect.objectContaining({ name: 'InvalidOptionsError' }));
  });
});

describe('deadlines and layers', () => {
  const FIXED_400 = caseOptions({ maxAttempts: 10, backoff: { type: 'fixed', initialDelay: 400 } });

  it('BS-19: ends an inner retry by the deadline of the call around it', async () => {
    const world = new PipelineWorld();
    const inner = world.pipeline({ retry: FIXED_400, timeLimiter: { totalTimeout: 5000 } }, 'inner');
    const outer = world.pipeline({ timeLimiter: { totalTimeout: 1000 } }, 'outer');
    const runsAt: number[] = [];

    const call = await world.call(outer, () =>
      inner.call(() => {
        runsAt.push(world.clock.nowMs());
        return fails();
      }, []),
    );

    expect(runsAt).toEqual([0, 400, 800]);
    expect(call).toMatchObject({ endedMs: 800, error: { status: 503 } });
    expect(retryInfo(call.error)).toMatchObject({ reason: 'deadline' });
    expect(world.clock.allTimers).toBe(0);
  });

  it('aborts an inner call with the limit of the outer one, which alone tells of it', async () => {
    const world = new PipelineWorld();
    const inner = world.pipeline({ timeLimiter: { totalTimeout: 5000 }, circuitBreaker: {} }, 'inner');
    const outer = world.pipeline({ timeLimiter: { totalTimeout: 1000 } }, 'outer');
    let signal: AbortSignal | undefined;
    const hanging = (call: { signal: AbortSignal }): Promise<never> => {
      ({ signal } = call);
      return new Promise(() => undefined);
    };

    const call = await world.call(outer, () => inner.call(hanging, []));

    expect(call).toMatchObject({ endedMs: 1000, error: { operation: 'outer' } });
    expect(signal?.reason).toBe(call.error);
    expect(world.events.of('time-limiter.timed-out')).toMatchObject([{ operation: 'outer' }]);
    // The inner breaker takes it for an abort by its caller.
    expect(world.breaker('inner').snapshot().recordedCalls).toBe(0);
    expect(world.clock.allTimers).toBe(0);
  });

  it('BS-20: runs nothing after the deadline of the call around it', async () => {
    const world = new PipelineWorld();
    const inner = world.pipeline({ retry: {} }, 'inner');
    const outer = world.pipeline({ timeLimiter: { totalTimeout: 100 } }, 'outer');
    let runs = 0;
    let late: unknown;

    await world.call(outer, async () => {
      await world.valueAfter(150);
      late = await inner.call(() => (runs += 1), []).catch((error: unknown) => error);
    });

    expect(runs).toBe(0);
    expect(late).toMatchObject({ name: 'TimeoutExceededError' });
  });

  it('does not bind what a call has left behind when it ended in time', async () => {
    const world = new PipelineWorld();
    const inner = world.pipeline({ retry: {} }, 'inner');
    const outer = world.pipeline({ timeLimiter: { totalTimeout: 100 } }, 'outer');
    let background: Promise<unknown> | undefined;

    await world.call(outer, () => {
      background = world.valueAfter(500).then(() => inner.call(async () => 'done', []));
      return 'ok';
    });
    await world.clock.runAll();

    expect(await background).toBe('done');
  });

  it.each([
    ['BS-21: multiplies the attempts of three layers', false as const, 27],
    ['BS-22: adds the granted retries of three layers', 'default', 11],
  ])('%s', async (_name, budget, expected) => {
    const world = new PipelineWorld();
    const retry = { ...RETRY, budget };
    const [outer, middle, inner] = ['outer', 'middle', 'inner'].map((name) =>
      world.pipeline({ retry }, name),
    );
    let runs = 0;
    const innermost = (): never => {
      runs += 1;
      return fails();
    };

    await world.call(outer ?? world.pipeline({}), () => middle?.call(() => inner?.call(innermost, []), []));

    expect(runs).toBe(expected);
    expect(OPERATION).toBe('Orders.place');
  });

  it('BS-23: adds at most a tenth where every process of a row has its own budget', async () => {
    const clock = new ManualClock();
    const layers = [1, 2, 3].map(() => new Policies({ clock }).guard('call', { retry: {} }));
    let backend = 0;
    const call = layers.reduce<() => Promise<unknown>>(
      (next, guard) => () => guard(next),
      async () => {
        backend += 1;
        return fails();
      },
    );

    for (let calls = 0; calls < 600; calls += 1) {
      void call().catch(() => undefined);
      await clock.advance(100);
    }

    expect(backend).toBeLessThanOrEqual(660);
  });
});
