import { describe, expect, it } from '@jest/globals';
import type { Pipeline } from '../../../lib/pipeline/index.js';
import { type RetryOptions, retryInfo } from '../../../lib/policies/retry/index.js';
import { type Execution, executions, PipelineWorld, type Started } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';

const FIXED = { type: 'fixed', initialDelay: 100 } as const;

type Shell = (world: PipelineWorld, pipeline: Pipeline, execution: Execution) => Started;

const SHELLS: readonly (readonly [string, Shell])[] = [
  ['promises', (world, pipeline, execution) => world.start(pipeline, execution)],
  ['Observables', (world, pipeline, execution) => world.startStream(pipeline, execution)],
  ['async iterables', (world, pipeline, execution) => world.startIteration(pipeline, execution)],
];

describe.each(SHELLS)('hooks of attempts, of methods that give %s', (_name, start) => {
  async function play(options: RetryOptions, ...script: readonly (number | string | Error)[]) {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: FIXED, ...options }) });
    const started = start(world, pipeline, executions(...script));
    await world.clock.runAll();
    return { world, started };
  }

  it('tells of every attempt before it begins, with its number, its time and its context', async () => {
    const told: unknown[] = [];
    const retry: RetryOptions = {
      onAttempt: ({ attempt, elapsedMs, call }) => told.push([attempt, elapsedMs, call.attempt]),
    };

    const { started } = await play(retry, 503, 503, 'ok');

    expect(told).toEqual([
      [1, 0, 1],
      [2, 100, 2],
      [3, 200, 3],
    ]);
    expect(started).toMatchObject({ value: 'ok', runsAt: [0, 100, 200] });
  });

  it('tells of an attempt that succeeds at once', async () => {
    const told: number[] = [];

    const { started } = await play({ onAttempt: ({ attempt }) => told.push(attempt) }, 'ok');

    expect(told).toEqual([1]);
    expect(started.runsAt).toEqual([0]);
  });

  it('goes on when onAttempt throws or rejects', async () => {
    const onAttempt = ({ attempt }: { readonly attempt: number }): unknown => {
      if (attempt === 1) throw new Error('broken hook');
      return Promise.reject(new Error('broken later'));
    };

    const { world, started } = await play({ onAttempt }, 503, 'ok');

    expect(started).toMatchObject({ value: 'ok', runsAt: [0, 100] });
    expect(world.reports).toHaveLength(2);
  });

  it('waits for prepareRetry after the delay, and only before retries', async () => {
    const world = new PipelineWorld();
    const told: unknown[] = [];
    const retry = caseOptions({
      backoff: FIXED,
      prepareRetry: async ({ attempt, elapsedMs, error }) => {
        told.push([attempt, elapsedMs, error]);
        await world.valueAfter(30);
      },
    });
    const first = httpError(503);
    const second = httpError(503);

    const started = start(world, world.pipeline({ retry }), executions(first, second, 'ok'));
    await world.clock.runAll();

    expect(started).toMatchObject({ value: 'ok', runsAt: [0, 130, 260] });
    expect(told).toEqual([
      [2, 100, first],
      [3, 230, second],
    ]);
  });

  it('ends the retrying with what prepareRetry throws, and that is what the caller gets', async () => {
    const expired = new Error('no token');
    const gaveUp: unknown[] = [];
    const retry: RetryOptions = {
      budget: 'default',
      prepareRetry: () => Promise.reject(expired),
      onGiveUp: ({ reason, attempts, error }) => gaveUp.push([reason, attempts, error]),
    };

    const { world, started } = await play(retry, 503, 'ok');

    expect(started).toMatchObject({ error: expired, runsAt: [0], endedMs: 100 });
    expect(gaveUp).toEqual([['not-retryable', 1, expired]]);
    expect(retryInfo(expired)).toEqual({ attempts: 1, reason: 'not-retryable', elapsedMs: 100 });
    expect(world.balance).toBe(10);
    expect(world.events.of('retry.recovered')).toEqual([]);
  });

  it('begins no attempt whose preparation took longer than there is time', async () => {
    const world = new PipelineWorld();
    const failure = httpError(503);
    const retry = caseOptions({
      backoff: FIXED,
      maxDuration: 120,
      prepareRetry: () => world.valueAfter(50),
    });

    const started = start(world, world.pipeline({ retry }), executions(failure, 'ok'));
    await world.clock.runAll();

    expect(started).toMatchObject({ error: failure, runsAt: [0] });
    expect(retryInfo(failure)).toMatchObject({ reason: 'deadline', attempts: 1 });
  });

  it('gives the last error at once when the application closes during a preparation', async () => {
    const world = new PipelineWorld();
    const failure = httpError(503);
    const retry = caseOptions({ backoff: FIXED, prepareRetry: () => world.valueAfter(5_000) });

    const started = start(world, world.pipeline({ retry }), executions(failure, 'ok'));
    await world.clock.advance(200);
    world.policies.close();
    await world.clock.settle();

    expect(started).toMatchObject({ error: failure, endedMs: 200, runsAt: [0] });
    await world.clock.runAll();
    expect(started.runsAt).toEqual([0]);
  });
});

describe('what ends a preparation', () => {
  it('is the signal of the caller, at once; a late rejection of the hook is nobody’s', async () => {
    const world = new PipelineWorld();
    const caller = new AbortController();
    const left = new Error('left');
    const retry = caseOptions({ backoff: FIXED, prepareRetry: () => world.errorAfter(5_000) });

    const started = world.start(world.pipeline({ retry }), executions(503, 'ok'), { signal: caller.signal });
    await world.clock.advance(150);
    caller.abort(left);
    await world.clock.settle();

    expect(started).toMatchObject({ error: left, endedMs: 150, runsAt: [0] });
    expect(retryInfo(left)).toMatchObject({ reason: 'aborted' });
    await world.clock.runAll();
  });

  it('is a total time limit around the retrying', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ backoff: FIXED, prepareRetry: () => world.valueAfter(5_000) });
    const pipeline = world.pipeline({ retry, timeLimiter: { totalTimeout: 400 } });

    const started = await world.call(pipeline, executions(503, 'ok'));

    expect(started).toMatchObject({ endedMs: 400, runsAt: [0] });
    expect(started.error).toMatchObject({ code: 'RESILIENCE_TIMEOUT_EXCEEDED' });
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'deadline', attempts: 1 }]);
  });

  it('is a subscriber who leaves: the next attempt never begins', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ backoff: FIXED, prepareRetry: () => world.valueAfter(1_000) });

    const started = world.startStream(world.pipeline({ retry }), executions(503, 'ok'));
    await world.clock.advance(150);
    started.unsubscribe();
    await world.clock.runAll();

    expect(started.runsAt).toEqual([0]);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'aborted' }]);
  });
});
