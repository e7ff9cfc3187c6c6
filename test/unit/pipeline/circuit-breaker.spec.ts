import { describe, expect, it } from '@jest/globals';
import { BulkheadFullError } from '../../../lib/policies/bulkhead/index.js';
import { executions, fails, hang, OPERATION, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';

const AT_ONCE = { type: 'fixed', initialDelay: 0 } as const;
/** CB(n, r) of the specification. */
const counted = (size: number, failureRateThreshold: number) =>
  ({
    failureThreshold: false,
    slidingWindow: { type: 'count', size },
    minimumNumberOfCalls: size,
    failureRateThreshold,
  }) as const;

describe('a breaker through a pipeline', () => {
  it('CB-01: opens with the fifth failure and refuses the sixth call', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: {} });

    const runs = await world.runsOf(pipeline, fails, 5);
    const sixth = await world.call(pipeline, fails);

    expect(runs).toEqual([1, 1, 1, 1, 1]);
    expect(sixth).toMatchObject({ runsAt: [], error: { name: 'CircuitBreakerOpenError' } });
    expect(world.events.kinds).toEqual(['circuit-breaker.state-changed', 'circuit-breaker.rejected']);
    expect(world.clock.allTimers).toBe(0);
  });

  it('CB-05: opens on a success that leaves the rate too high', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: counted(4, 0.75) });
    await world.runsOf(pipeline, fails, 3);

    const fourth = await world.call(pipeline, async () => 'ok');

    expect([fourth.value, world.breaker().state]).toEqual(['ok', 'open']);
  });

  it('CB-13: judges values on their way, and gives them to the callers', async () => {
    const world = new PipelineWorld();
    const circuitBreaker = {
      ...counted(10, 0.5),
      slidingWindow: { type: 'time', size: '10s' },
      waitDurationInOpenState: '1s',
      recordResult: (value: unknown) => value === -1,
    } as const;
    const pipeline = world.pipeline({ circuitBreaker });

    const calls = Array.from({ length: 10 }, () => world.start(pipeline, async () => -1));
    await world.clock.advanceTo(1000);
    const probe = await world.call(pipeline, async () => -1);
    await world.clock.advanceTo(2000);
    const second = await world.call(pipeline, async () => 0);

    expect(new Set(calls.map(({ value }) => value))).toEqual(new Set([-1]));
    expect([probe.value, second.value, world.breaker().state]).toEqual([-1, 0, 'closed']);
    expect(world.events.of('circuit-breaker.state-changed')).toHaveLength(5);
  });

  it('CB-14: counts what takes too long', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: {}, timeLimiter: 100 });

    const calls = Array.from({ length: 5 }, () => world.start(pipeline, hang));
    await world.clock.advanceTo(100);

    expect(calls.map(({ error }) => (error as Error).name)).toEqual(
      Array.from({ length: 5 }, () => 'TimeoutExceededError'),
    );
    expect(world.breaker().state).toBe('open');
  });

  it('counts an attempt during which the total limit passes, at that moment', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({
      circuitBreaker: { failureThreshold: 1 },
      timeLimiter: { totalTimeout: 100 },
    });

    world.start(pipeline, () => world.valueAfter(500));
    await world.clock.advanceTo(100);
    const stateThen = world.breaker().state;
    await world.clock.advanceTo(500);

    expect(stateThen).toBe('open');
    expect(world.breaker().snapshot()).toMatchObject({ state: 'open', failures: 1, recordedCalls: 1 });
  });

  it('CB-17: counts no call that its caller has aborted', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: {} });
    const obedient = (_number: number, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

    for (let call = 0; call < 100; call += 1) {
      const controller = new AbortController();
      const started = world.start(pipeline, obedient, { signal: controller.signal });
      controller.abort();
      await world.clock.settle();
      expect(started.error).toBe(controller.signal.reason);
    }

    expect(world.breaker().snapshot()).toMatchObject({ state: 'closed', recordedCalls: 0 });
  });

  it('CB-30: gives the permit of an aborted probe back at once', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: {} });
    await world.runsOf(pipeline, fails, 5);
    await world.clock.advanceTo(1000);
    const controller = new AbortController();

    const probe = world.start(pipeline, () => world.errorAfter(500), { signal: controller.signal });
    const refused = await world.callNow(pipeline, async () => 'ok');
    controller.abort();
    const snapshot = world.breaker().snapshot();
    const next = await world.callNow(pipeline, async () => 'ok');
    await world.clock.runAll();

    expect(refused.error).toMatchObject({ name: 'CircuitBreakerOpenError' });
    expect(snapshot).toMatchObject({ state: 'half-open', recordedCalls: 0 });
    expect([next.value, world.breaker().state]).toEqual(['ok', 'closed']);
    // The caller of a probe without a time limit gets the outcome of the execution.
    expect(probe).toMatchObject({ error: { status: 503 }, endedMs: 1500 });
  });

  it('CB-19: lets one of a hundred calls probe', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: {} });
    await world.runsOf(pipeline, fails, 5);
    await world.clock.advanceTo(1000);

    const calls = Array.from({ length: 100 }, () => world.start(pipeline, () => world.valueAfter(1)));
    await world.clock.runAll();

    expect(calls.filter(({ runsAt }) => runsAt.length === 1)).toHaveLength(1);
    expect(world.events.of('circuit-breaker.rejected')).toHaveLength(99);
  });

  it('never shows a user a call that is not one', async () => {
    const world = new PipelineWorld();
    const seen: { signal: AbortSignal; attempt: number; elapsedMs: number }[] = [];
    const recordOn = (_error: unknown, call: (typeof seen)[number]): boolean => {
      seen.push({ signal: call.signal, attempt: call.attempt, elapsedMs: call.elapsedMs });
      return true;
    };
    const pipeline = world.pipeline({
      circuitBreaker: { recordOn },
      retry: caseOptions({ maxAttempts: 2, backoff: { initialDelay: 100 } }),
    });

    const call = await world.call(pipeline, () => world.errorAfter(10));

    expect(seen.map(({ attempt, elapsedMs }) => [attempt, elapsedMs])).toEqual([
      [1, 10],
      [2, 120],
    ]);
    expect(seen[1]?.signal).toBe(call.signals[1]);
  });
});

describe('breaker, retry, bulkhead and fallback together', () => {
  it('CP-02: stops retrying at the open breaker', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ maxAttempts: 8, backoff: AT_ONCE });

    const call = await world.call(world.pipeline({ retry, circuitBreaker: counted(4, 0.75) }), fails);

    expect(call).toMatchObject({ runsAt: { length: 4 }, error: { name: 'CircuitBreakerOpenError' } });
  });

  it('CP-03: lets two calls share the five failures', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: AT_ONCE }), circuitBreaker: {} });

    const first = await world.call(pipeline, fails);
    const second = await world.call(pipeline, fails);

    expect(first).toMatchObject({ runsAt: { length: 3 }, error: { status: 503 } });
    expect(second).toMatchObject({ runsAt: { length: 2 }, error: { name: 'CircuitBreakerOpenError' } });
  });

  it('CP-04: counts one call where the breaker stands around the retry', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ backoff: AT_ONCE });
    const order = ['circuitBreaker', 'retry'] as const;

    const call = await world.call(world.pipeline({ retry, circuitBreaker: {}, order }), fails);

    expect(call.runsAt).toHaveLength(3);
    expect(world.breaker().snapshot()).toMatchObject({ failures: 1, recordedCalls: 1 });
  });

  it('CP-05: waits for an open breaker that retryOn names', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({
      maxAttempts: 20,
      backoff: { type: 'fixed', initialDelay: 100 },
      retryOn: (error) => (error as Error).name === 'CircuitBreakerOpenError',
    });
    const circuitBreaker = { name: 'db', waitDurationInOpenState: '1s' } as const;
    await world.runsOf(world.pipeline({ circuitBreaker }, 'opens'), fails, 5);
    await world.clock.advanceTo(200);

    const call = await world.call(world.pipeline({ retry, circuitBreaker }), async () => 'ok');

    expect(call).toMatchObject({ value: 'ok', runsAt: [1000] });
    expect(world.events.of('retry.scheduled')).toMatchObject([{ delayMs: 800 }]);
  });

  it('CP-06: asks a full bulkhead seven times', async () => {
    const world = new PipelineWorld();
    world.start(world.pipeline({ bulkhead: { name: 'db', maxConcurrentCalls: 1 } }, 'busy'), hang);
    const retry = caseOptions({ maxAttempts: 7, backoff: AT_ONCE });

    const call = await world.call(world.pipeline({ retry, bulkhead: 'db' }), fails);

    expect(call).toMatchObject({ runsAt: [], error: { name: 'BulkheadFullError' } });
    expect(world.events.of('bulkhead.rejected')).toHaveLength(7);
  });

  it('CP-07: serves the fallback when the retry has given up', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({
      fallback: { handler: { value: 'spare' } },
      retry: caseOptions({ backoff: AT_ONCE }),
      circuitBreaker: {},
    });

    const call = await world.call(pipeline, fails);

    expect(call).toMatchObject({ value: 'spare', runsAt: { length: 3 } });
    expect(world.breaker().snapshot()).toMatchObject({ state: 'closed', failures: 3 });
  });

  it('CP-08: tells the fallback of the open breaker', async () => {
    const world = new PipelineWorld();
    const told: unknown[] = [];
    const handler = ({ error }: { error: unknown }): string => {
      told.push(error);
      return 'spare';
    };
    const pipeline = world.pipeline({ fallback: { handler }, circuitBreaker: {} });
    world.breaker().forceOpen();

    const call = await world.call(pipeline, fails);

    expect(call).toMatchObject({ value: 'spare', runsAt: [] });
    expect(told).toMatchObject([{ name: 'CircuitBreakerOpenError', operation: OPERATION }]);
  });

  it.each([
    [undefined, ['BulkheadFullError', 'BulkheadFullError', 'BulkheadFullError', 'BulkheadFullError'], 0],
    [
      [BulkheadFullError],
      ['BulkheadFullError', 'BulkheadFullError', 'BulkheadFullError', 'CircuitBreakerOpenError'],
      3,
    ],
  ])('CP-09: counts a full bulkhead only where recordOn %p names it', async (recordOn, names, failures) => {
    const world = new PipelineWorld();
    world.start(world.pipeline({ bulkhead: { name: 'db', maxConcurrentCalls: 1 } }, 'busy'), hang);
    const circuitBreaker = { failureThreshold: 3, ...(recordOn && { recordOn }) };
    const pipeline = world.pipeline({ circuitBreaker, bulkhead: 'db' });

    const calls = [];
    for (let call = 0; call < 4; call += 1) calls.push(await world.callNow(pipeline, fails));

    expect(calls.map(({ error }) => (error as Error).name)).toEqual(names);
    expect(world.breaker().snapshot().failures).toBe(failures);
  });

  it('CP-10: starts an inner retried method anew with each outer attempt', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ backoff: AT_ONCE });
    const inner = world.pipeline({ retry }, 'inner');
    let runs = 0;
    const failing = (): never => {
      runs += 1;
      throw httpError();
    };

    await world.call(world.pipeline({ retry }, 'outer'), () => inner.call(failing, []));

    expect(runs).toBe(9);
  });

  it('runs again with every attempt what executions say', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: AT_ONCE }), circuitBreaker: {} });

    const call = await world.call(pipeline, executions(503, 404));

    expect(call).toMatchObject({ runsAt: [0, 0], error: { status: 404 } });
    expect(world.breaker().snapshot()).toMatchObject({ recordedCalls: 1, failures: 1 });
  });
});
