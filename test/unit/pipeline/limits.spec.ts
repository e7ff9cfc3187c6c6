import { describe, expect, it } from '@jest/globals';
import { retryInfo } from '../../../lib/policies/retry/index.js';
import { fails, hang, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';

const AT_ONCE = { type: 'fixed', initialDelay: 0 } as const;

describe('time limits through a pipeline', () => {
  it('LM-01: rejects at the limit and aborts the signal then', async () => {
    const world = new PipelineWorld();
    const call = world.start(world.pipeline({ timeLimiter: 1000 }), hang);

    await world.clock.advanceTo(999);
    const abortedBefore = call.signals[0]?.aborted;
    await world.clock.advanceTo(1000);

    expect(abortedBefore).toBe(false);
    expect(call).toMatchObject({ endedMs: 1000, error: { name: 'TimeoutExceededError', timeoutMs: 1000 } });
    expect(call.signals[0]).toMatchObject({ aborted: true, reason: call.error });
    expect(world.clock.allTimers).toBe(0);
  });

  it('LM-02: leaves no timer where the value comes in time', async () => {
    const world = new PipelineWorld();

    const call = await world.call(world.pipeline({ timeLimiter: 1000 }), () => world.valueAfter(999));

    expect(call).toMatchObject({ value: 'ok', endedMs: 999 });
    expect(world.clock.allTimers).toBe(0);
  });

  it('LM-03: swallows a late rejection', async () => {
    const world = new PipelineWorld();

    const call = await world.call(world.pipeline({ timeLimiter: 1000 }), () => world.errorAfter(1500));

    expect(call).toMatchObject({ endedMs: 1000, error: { name: 'TimeoutExceededError' } });
    expect(world.events.kinds).toEqual(['time-limiter.timed-out']);
    expect(world.clock.nowMs()).toBe(1500);
  });

  it('LM-04: a late success is none', async () => {
    const world = new PipelineWorld();

    const call = await world.call(world.pipeline({ timeLimiter: 100 }), () => world.valueAfter(150));

    expect(call.error).toMatchObject({ name: 'TimeoutExceededError' });
  });

  it('LM-05: is told once where the method rejects with the reason of its signal', async () => {
    const world = new PipelineWorld();
    const obedient = (_number: number, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

    const call = await world.call(world.pipeline({ timeLimiter: 100 }), obedient);

    expect(call).toMatchObject({ endedMs: 100, error: { name: 'TimeoutExceededError' } });
    expect(world.events.kinds).toEqual(['time-limiter.timed-out']);
  });

  it.each([[{ attemptTimeout: 1000 }], [{ totalTimeout: 1000 }]])(
    'LM-06: lets the caller of %j go at once, without a timeout then or later',
    async (timeLimiter) => {
      const world = new PipelineWorld();
      const controller = new AbortController();
      const reason = new Error('stop');

      const call = world.start(world.pipeline({ timeLimiter }), hang, { signal: controller.signal });
      await world.clock.advanceTo(200);
      controller.abort(reason);
      await world.clock.advanceTo(5000);

      expect(call).toMatchObject({ endedMs: 200, error: reason });
      expect(world.events.kinds).toEqual([]);
      expect(world.clock.allTimers).toBe(0);
    },
  );

  it('LM-07: retries what took too long', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ timeLimiter: 50, retry: caseOptions({ backoff: AT_ONCE }) });

    const call = await world.call(pipeline, (number) => world.valueAfter(number < 3 ? 80 : 10));

    expect(call).toMatchObject({ runsAt: [0, 50, 100], value: 'ok', endedMs: 110 });
    expect(call.signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
  });

  it('LM-08: ends attempt and retrying with the total limit', async () => {
    const world = new PipelineWorld();
    const timeLimiter = { attemptTimeout: 100, totalTimeout: 450 };
    const pipeline = world.pipeline({
      timeLimiter,
      retry: caseOptions({ maxAttempts: 10, backoff: AT_ONCE }),
    });

    const call = world.start(pipeline, hang);
    await world.clock.advanceTo(10_000);

    expect(call).toMatchObject({ runsAt: [0, 100, 200, 300, 400], endedMs: 450, error: { timeoutMs: 450 } });
    expect(call.signals[4]?.reason).toBe(call.error);
    expect(world.events.of('time-limiter.timed-out').map(({ limit }) => limit)).toEqual([
      'attempt',
      'attempt',
      'attempt',
      'attempt',
      'total',
    ]);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'deadline', attempts: 5 }]);
    expect(retryInfo(call.error)).toMatchObject({ attempts: 5, reason: 'deadline', elapsedMs: 450 });
    expect(world.clock.allTimers).toBe(0);
  });

  it('LM-09: does not begin a delay that would reach the total limit', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ backoff: { type: 'fixed', initialDelay: 400 } });
    const error = httpError();

    const call = await world.call(world.pipeline({ timeLimiter: { totalTimeout: 250 }, retry }), () => {
      throw error;
    });

    expect(call).toMatchObject({ runsAt: [0], endedMs: 0, error });
    expect(retryInfo(error)).toMatchObject({ reason: 'deadline' });
    expect(world.clock.allTimers).toBe(0);
  });

  it('LM-10: counts the wait in the queue of a bulkhead, and never runs who waited too long', async () => {
    const world = new PipelineWorld();
    const bulkhead = { name: 'db', maxConcurrentCalls: 1, maxQueueSize: 1 };
    const busy = world.start(world.pipeline({ bulkhead }, 'busy'), () => world.valueAfter(900));

    const call = await world.call(world.pipeline({ bulkhead, timeLimiter: 500 }), fails);

    expect(call).toMatchObject({ runsAt: [], endedMs: 500, error: { name: 'TimeoutExceededError' } });
    expect(busy).toMatchObject({ value: 'ok', endedMs: 900 });
    expect(world.bulkhead('db').snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('LM-11: keeps the place of work that goes on', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ timeLimiter: 100, bulkhead: 1 });
    world.start(pipeline, () => world.valueAfter(400));
    await world.clock.advanceTo(200);

    const early = world.start(pipeline, async () => 'early');
    await world.clock.advanceTo(401);
    const late = await world.call(pipeline, async () => 'late');

    expect(early.error).toMatchObject({ name: 'BulkheadFullError' });
    expect(late.value).toBe('late');
  });

  it.each([
    [{ attemptTimeout: '5s', totalTimeout: '2s' }, /5000.*2000/],
    [{ attemptTimeout: 0 }, /attemptTimeout/],
    [{ attemptTimeout: -1 }, /attemptTimeout/],
  ] as const)('LM-12: refuses %j', (timeLimiter, message) => {
    const world = new PipelineWorld();

    expect(() => world.pipeline({ timeLimiter })).toThrow(message);
  });

  it('tells of the total limit alone where both limits pass in one moment', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ timeLimiter: { attemptTimeout: 100, totalTimeout: 100 }, retry: {} });

    const call = await world.call(pipeline, hang);

    expect(call.error).toMatchObject({ limit: 'total' });
    expect(world.events.of('time-limiter.timed-out')).toMatchObject([{ limit: 'total' }]);
  });

  it('gives each attempt its own total limit where the order puts that inside of the retry', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({
      timeLimiter: { totalTimeout: 100 },
      retry: caseOptions({ backoff: AT_ONCE }),
      order: ['retry', 'totalTimeout'],
    });

    const call = await world.call(pipeline, (number) => (number < 3 ? hang() : world.valueAfter(50)));

    expect(call).toMatchObject({ runsAt: [0, 100, 200], value: 'ok', endedMs: 250 });
  });

  it('bounds all attempts by an attempt limit that the order puts around the retry', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({
      timeLimiter: 100,
      retry: caseOptions({ maxAttempts: 9, backoff: { type: 'fixed', initialDelay: 30 } }),
      order: ['attemptTimeout', 'retry'],
    });

    const call = await world.call(pipeline, (number) => (number < 3 ? fails() : hang()));

    expect(call).toMatchObject({ runsAt: [0, 30, 60], endedMs: 100, error: { timeoutMs: 100 } });
  });

  it('does not execute a thenable a second time when the limit passes', async () => {
    const world = new PipelineWorld();
    let queries = 0;
    // As a query builder does, which runs with every look at its outcome.
    // oxlint-disable-next-line unicorn/no-thenable
    const query = { then: () => (queries += 1) };

    await world.call(world.pipeline({ timeLimiter: 100 }), () => query);

    expect(queries).toBe(1);
  });
});

describe('gates with retry through a pipeline', () => {
  it('LM-18: holds no place during a delay, and asks again', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ maxAttempts: 2, backoff: { type: 'fixed', initialDelay: 1000 } });
    const bulkhead = { name: 'db', maxConcurrentCalls: 1 };

    const a = world.start(world.pipeline({ retry, bulkhead }, 'a'), fails);
    await world.clock.advanceTo(500);
    const b = world.start(world.pipeline({ bulkhead }, 'b'), () => world.valueAfter(1500));
    await world.clock.runAll();

    expect(a).toMatchObject({ runsAt: [0], endedMs: 1000, error: { name: 'BulkheadFullError' } });
    expect(b).toMatchObject({ value: 'ok', endedMs: 2000 });
  });

  it('LM-33: waits as long as the rate limiter asked', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ maxAttempts: 5, backoff: AT_ONCE });
    const pipeline = world.pipeline({ retry, rateLimiter: { limit: 3, window: 1000 } });

    const call = await world.call(pipeline, fails);

    expect(call.runsAt).toEqual([0, 0, 0, 1000]);
    expect(retryInfo(call.error)).toMatchObject({ attempts: 5, reason: 'exhausted' });
  });

  it('LM-49: asks the fallback once, with the last error', async () => {
    const world = new PipelineWorld();
    const errors = [httpError(), httpError(), httpError()];
    const asked: unknown[] = [];
    const handler = ({ error }: { error: unknown }): number => asked.push(error);
    const pipeline = world.pipeline({
      fallback: { handler },
      retry: caseOptions({ backoff: AT_ONCE }),
    });

    const call = await world.call(pipeline, (number) => Promise.reject(errors[number - 1]));

    expect(asked).toEqual([errors[2]]);
    expect(call.value).toBe(1);
    expect(world.events.kinds.at(-1)).toBe('fallback.served');
  });

  it('does not run a call that leaves in the very moment its turn comes', async () => {
    const world = new PipelineWorld();
    const controller = new AbortController();
    const bulkhead = { name: 'db', maxConcurrentCalls: 1, maxQueueSize: 1 };
    const pipeline = world.pipeline({ bulkhead });
    world.start(pipeline, async () => {
      await world.valueAfter(100);
      queueMicrotask(() => queueMicrotask(() => controller.abort()));
    });
    const waiting = world.start(pipeline, async () => 'ran', { signal: controller.signal });

    await world.clock.runAll();

    expect(waiting.runsAt.length === 0 ? waiting.error : waiting.value).toBe(
      waiting.runsAt.length === 0 ? controller.signal.reason : 'ran',
    );
    expect(world.bulkhead('db').snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });
});
