import { describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../lib/core/clock.js';
import { createPolicies } from '../../../lib/pipeline/index.js';
import { CircuitBreakerOpenError } from '../../../lib/policies/circuit-breaker/index.js';
import { retryInfo } from '../../../lib/policies/retry/index.js';
import { executions, fails, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';

const FIXED = (initialDelay: number) => ({ type: 'fixed', initialDelay }) as const;

describe('retry through a pipeline, attempts', () => {
  it('RT-01: gives the sixth error itself', async () => {
    const world = new PipelineWorld();
    const errors = Array.from({ length: 6 }, () => httpError());
    const pipeline = world.pipeline({ retry: caseOptions({ maxAttempts: 6, backoff: FIXED(0) }) });

    const call = await world.call(pipeline, executions(...errors));

    expect(call.error).toBe(errors[5]);
  });

  it('RT-04: begins the delays of every call anew', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions() });

    const first = await world.call(pipeline, executions(503, 503, 'ok'));
    await world.clock.advanceTo(1000);
    const second = await world.call(pipeline, executions(503, 'ok'));

    expect([first.runsAt, second.runsAt]).toEqual([
      [0, 100, 300],
      [1000, 1100],
    ]);
  });

  it('RT-06: retries a value that counts as a failure and returns the last one', async () => {
    const world = new PipelineWorld();
    const gaveUp: unknown[] = [];
    const retry = caseOptions({
      maxAttempts: 13,
      backoff: FIXED(0),
      retryOnResult: (value) => value === 0,
      onGiveUp: ({ reason }) => gaveUp.push(reason),
    });

    const call = await world.call(world.pipeline({ retry }), async () => 0);

    expect(call).toMatchObject({ value: 0, runsAt: { length: 13 } });
    expect(world.events.of('retry.scheduled')).toHaveLength(12);
    expect(gaveUp).toEqual(['exhausted']);
  });

  it('RT-07: takes a synchronous throw for a rejection', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: FIXED(100) }) });

    const call = await world.call(pipeline, (execution) => (execution === 1 ? fails() : 'ok'));

    expect(call).toMatchObject({ value: 'ok', runsAt: [0, 100] });
  });

  it('RT-08: keeps concurrent calls apart', async () => {
    const world = new PipelineWorld();
    const numbers: number[] = [];
    const onRetry = ({ attempt }: { attempt: number }): number => numbers.push(attempt);
    const pipeline = world.pipeline({ retry: caseOptions({ maxAttempts: 5, backoff: FIXED(10), onRetry }) });

    const failing = world.start(pipeline, fails);
    const succeeding = world.start(pipeline, async () => 'ok');
    await world.clock.runAll();

    expect(retryInfo(failing.error)).toMatchObject({ attempts: 5 });
    expect(numbers).toEqual([1, 2, 3, 4]);
    expect(succeeding).toMatchObject({ value: 'ok', runsAt: [0] });
  });

  it('RT-09: recovers by the third attempt and tells only of that', async () => {
    const world = new PipelineWorld();

    const call = await world.call(world.pipeline({ retry: {} }), executions(503, 503, 'ok'));

    expect(call.value).toBe('ok');
    expect(world.events.of('retry.recovered')).toMatchObject([{ attempts: 3 }]);
    expect(world.events.of('retry.gave-up')).toEqual([]);
  });

  it('RT-10: lets a thousand calls fail by themselves while every hook throws', async () => {
    const world = new PipelineWorld();
    const hook = (): never => {
      throw new Error('hook');
    };
    const retry = caseOptions({ backoff: FIXED(10), onRetry: hook, onGiveUp: hook, onRecovered: hook });
    const pipeline = world.pipeline({ retry });

    const calls = Array.from({ length: 1000 }, () => world.start(pipeline, fails));
    await world.clock.runAll();

    expect(new Set(calls.map(({ error }) => error)).size).toBe(1000);
    expect(calls.flatMap(({ runsAt }) => runsAt)).toHaveLength(3000);
    expect(world.clock.allTimers).toBe(0);
  });

  it('RT-25: replaces bad answers of a backoff function and reports them', async () => {
    const world = new PipelineWorld();
    const type = ({ attempt }: { attempt: number }): number => (attempt === 1 ? -1 : fails());

    const call = await world.call(
      world.pipeline({ retry: caseOptions({ backoff: { type } }) }),
      executions(503, 503, 'ok'),
    );

    expect(call.runsAt).toEqual([0, 100, 300]);
    expect(world.reports).toHaveLength(2);
  });

  it('RT-26: does not fire early on real timers', async () => {
    const policies = createPolicies({ clock: new SystemClock() });
    const long = { ...FIXED(3_000_000_000), maxDelay: 3_000_000_000 };
    let runs = 0;
    const controller = new AbortController();
    const guarded = policies.guard('real', { retry: caseOptions({ backoff: long }) });

    const call = guarded(
      () => {
        runs += 1;
        return fails();
      },
      { signal: controller.signal },
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();

    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(runs).toBe(1);
  });

  it('RT-27: runs no attempt inside the synchronous turn of another', async () => {
    const world = new PipelineWorld();
    let depth = 0;
    const deepest: number[] = [];
    const execution = (number: number): unknown => {
      depth += 1;
      deepest.push(depth);
      queueMicrotask(() => (depth -= 1));
      return number < 3 ? fails() : 'ok';
    };

    const call = await world.call(world.pipeline({ retry: caseOptions({ backoff: FIXED(0) }) }), execution);

    expect(call.runsAt).toEqual([0, 0, 0]);
    expect(deepest).toEqual([1, 1, 1]);
  });
});

describe('retry through a pipeline, limits and classification', () => {
  it('RT-37: reads an asctime date as GMT in every time zone', async () => {
    const before = process.env['TZ'];
    const runs: unknown[] = [];
    for (const zone of ['America/New_York', 'Asia/Tokyo']) {
      process.env['TZ'] = zone;
      const world = new PipelineWorld();
      const error = httpError(503, { 'retry-after': 'Sun Nov 22 12:00:10 2026' });
      runs.push((await world.call(world.pipeline({ retry: caseOptions() }), executions(error, 'ok'))).runsAt);
    }
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;

    expect(runs).toEqual([
      [0, 10_000],
      [0, 10_000],
    ]);
  });

  it('RT-39: counts the time that executions take', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions({ maxDuration: 100, backoff: FIXED(0) }) });

    const call = await world.call(pipeline, () => world.errorAfter(60));

    expect(call).toMatchObject({ runsAt: [0, 60], endedMs: 120 });
    expect(retryInfo(call.error)).toEqual({ attempts: 2, reason: 'deadline', elapsedMs: 120 });
  });

  it.each([
    [40, 1, 'deadline'],
    [120, 1, 'deadline'],
    [160, 2, 'deadline'],
    [320, 3, 'deadline'],
    [10_000, 4, 'exhausted'],
  ])('RT-40: with maxDuration %d makes %d executions and ends with %s', async (maxDuration, runs, reason) => {
    const world = new PipelineWorld();
    const retry = caseOptions({ maxAttempts: 4, maxDuration, backoff: FIXED(100) });

    const call = await world.call(world.pipeline({ retry }), () => world.errorAfter(50));

    expect(call.runsAt).toHaveLength(runs);
    expect(retryInfo(call.error)).toMatchObject({ reason });
  });

  it.each(['start', 'startStream', 'startIteration'] as const)(
    'counts from the first attempt on, not the time in a queue before it (%s)',
    async (shell) => {
      const world = new PipelineWorld();
      const pipeline = world.pipeline({
        retry: caseOptions({ maxDuration: 250, backoff: FIXED(100) }),
        bulkhead: { maxConcurrentCalls: 1, maxQueueSize: 1 },
        order: ['bulkhead', 'retry'],
      });
      world.start(pipeline, () => world.valueAfter(1000));

      const queued = world[shell](pipeline, fails);
      await world.clock.runAll();

      expect(queued.runsAt).toEqual([1000, 1100, 1200]);
      expect(retryInfo(queued.error)).toEqual({ attempts: 3, reason: 'exhausted', elapsedMs: 200 });
    },
  );

  it('RT-41: knows the record of the error', async () => {
    const world = new PipelineWorld();

    const call = await world.call(world.pipeline({ retry: caseOptions() }), fails);

    expect(retryInfo(call.error)).toEqual({ attempts: 3, reason: 'exhausted', elapsedMs: 300 });
  });

  it.each([
    [400, 1],
    [404, 1],
    [409, 1],
    [429, 2],
    [500, 2],
    [501, 1],
    [599, 2],
  ])('RT-42: status %d makes %d executions', async (status, runs) => {
    const world = new PipelineWorld();

    const call = await world.call(
      world.pipeline({ retry: caseOptions() }),
      executions(httpError(status), 'ok'),
    );

    expect(call.runsAt).toHaveLength(runs);
  });

  it('RT-49: takes a retryOn that throws for no', async () => {
    const world = new PipelineWorld();
    const error = httpError();

    const call = await world.call(
      world.pipeline({ retry: caseOptions({ retryOn: fails }) }),
      executions(error),
    );

    expect(call).toMatchObject({ error, runsAt: [0] });
    expect(retryInfo(error)).toMatchObject({ reason: 'not-retryable' });
  });

  it('RT-50: never retries the abort of the call', async () => {
    const world = new PipelineWorld();
    const controller = new AbortController();
    const pipeline = world.pipeline({ retry: caseOptions({ retryOn: [Error] }) });
    const execution = (_number: number, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

    const call = world.start(pipeline, execution, { signal: controller.signal });
    await world.clock.advance(10);
    controller.abort();
    await world.clock.runAll();

    expect(call).toMatchObject({ error: controller.signal.reason, runsAt: [0] });
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'aborted' }]);
  });

  it('RT-52: does not retry the open breaker of an inner method', async () => {
    const world = new PipelineWorld();
    const open = new CircuitBreakerOpenError({ operation: 'inner', policy: 'db', retryAfterMs: 5 });

    const call = await world.call(world.pipeline({ retry: {} }), executions(open));

    expect(call).toMatchObject({ error: open, runsAt: [0] });
    expect(retryInfo(open)).toMatchObject({ reason: 'not-retryable' });
  });
});

describe('retry through a pipeline, abort and shutdown', () => {
  it('RT-53: runs nothing where the signal is aborted already', async () => {
    const world = new PipelineWorld();
    const signal = AbortSignal.abort(new Error('early'));

    const call = await world.call(world.pipeline({ retry: caseOptions() }), fails, { signal });

    expect(call).toMatchObject({ error: signal.reason, runsAt: [] });
  });

  it('RT-54: ends a delay with the reason of the abort', async () => {
    const world = new PipelineWorld();
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: FIXED(2000) }) });

    const call = world.start(pipeline, fails, { signal: controller.signal });
    await world.clock.advanceTo(500);
    controller.abort(reason);
    await world.clock.settle();

    expect(call).toMatchObject({ error: reason, endedMs: 500, runsAt: [0] });
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'aborted' }]);
    expect(world.clock.allTimers).toBe(0);
  });

  it('RT-55: returns the value of an execution that the abort came too late for', async () => {
    const world = new PipelineWorld();
    const controller = new AbortController();

    const call = world.start(world.pipeline({ retry: {} }), () => world.valueAfter(50), {
      signal: controller.signal,
    });
    await world.clock.advance(10);
    controller.abort();
    await world.clock.runAll();

    expect(call).toMatchObject({ value: 'ok', runsAt: [0], endedMs: 50 });
  });

  it('RT-56: ends a delay with the error of the method when the application closes', async () => {
    const world = new PipelineWorld();
    const error = httpError();

    const call = world.start(
      world.pipeline({ retry: caseOptions({ backoff: FIXED(2000) }) }),
      executions(error),
    );
    await world.clock.advanceTo(500);
    world.policies.close();
    await world.clock.settle();

    expect(call).toMatchObject({ error, endedMs: 500, runsAt: [0] });
    expect(retryInfo(error)).toMatchObject({ reason: 'shutdown' });
    expect(world.clock.allTimers).toBe(0);
  });

  it('RT-56: starts no retry once the application has closed, and serves first attempts', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions() });
    world.policies.close();

    const good = await world.call(pipeline, async () => 'ok');
    const bad = await world.call(pipeline, fails);

    expect([good.value, bad.runsAt]).toEqual(['ok', [0]]);
    expect(retryInfo(bad.error)).toMatchObject({ reason: 'shutdown' });
  });

  it('aborts the call from inside of a hook: nothing runs after it', async () => {
    const world = new PipelineWorld();
    const controller = new AbortController();
    const pipeline = world.pipeline({ retry: caseOptions({ onRetry: () => controller.abort() }) });

    const call = await world.call(pipeline, fails, { signal: controller.signal });

    expect(call).toMatchObject({ error: controller.signal.reason, runsAt: [0], endedMs: 0 });
  });
});
