import { describe, expect, it } from '@jest/globals';
import { composeAsyncIterable, type Pipeline } from '../../../../lib/pipeline/index.js';
import { type RetryOptions, retryInfo, RetrySignal } from '../../../../lib/policies/retry/index.js';
import { type Execution, executions, PipelineWorld, type Started } from '../../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../../support/retry-world.js';

const FIXED = { type: 'fixed', initialDelay: 100 } as const;

type Shell = (world: PipelineWorld, pipeline: Pipeline, execution: Execution) => Started;

const SHELLS: readonly (readonly [string, Shell])[] = [
  ['promises', (world, pipeline, execution) => world.start(pipeline, execution)],
  ['Observables', (world, pipeline, execution) => world.startStream(pipeline, execution)],
  ['async iterables', (world, pipeline, execution) => world.startIteration(pipeline, execution)],
];

describe.each(SHELLS)('RetrySignal, of methods that give %s', (_name, start) => {
  async function play(options: RetryOptions, ...script: readonly (number | string | Error)[]) {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: FIXED, ...options }) });
    const started = start(world, pipeline, executions(...script));
    await world.clock.runAll();
    return { world, started };
  }

  it('is retried whatever the predicates and the cause say', async () => {
    const asks = new RetrySignal(httpError(404));
    const never: RetryOptions = { retryOn: () => false, abortOn: () => true };

    const { started } = await play(never, asks, 'ok');

    expect(started).toMatchObject({ value: 'ok', runsAt: [0, 100] });
  });

  it('stops where the options say, and the caller gets the cause, the same object', async () => {
    const cause = httpError(404);
    const told: unknown[] = [];
    const onGiveUp: RetryOptions['onGiveUp'] = ({ error, reason }) => told.push([error, reason]);

    const { world, started } = await play({ maxAttempts: 2, onGiveUp }, new RetrySignal(cause));

    expect(started).toMatchObject({ runsAt: [0, 100] });
    expect(started.error).toBe(cause);
    expect(retryInfo(cause)).toEqual({ attempts: 2, reason: 'exhausted', elapsedMs: 100 });
    expect(told).toEqual([[cause, 'exhausted']]);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ error: cause }]);
  });

  it('is what the caller gets where it has no cause', async () => {
    const signal = new RetrySignal();

    const { started } = await play({ maxAttempts: 1 }, signal);

    expect(started.error).toBe(signal);
  });

  it('asks for a wait, within maxRetryAfter', async () => {
    const waited = await play({}, new RetrySignal(undefined, { retryAfterMs: 2_000 }), 'ok');
    const refused = await play({}, new RetrySignal(httpError(), { retryAfterMs: 61_000 }), 'ok');

    expect(waited.started.runsAt).toEqual([0, 2_000]);
    expect(refused.started.runsAt).toEqual([0]);
    expect(refused.world.events.of('retry.gave-up')).toMatchObject([{ reason: 'retry-after' }]);
  });

  it('leaves the asking to its cause where it asks for nothing', async () => {
    const { started } = await play({}, new RetrySignal(httpError(503, { 'retry-after': '3' })), 'ok');

    expect(started.runsAt).toEqual([0, 3_000]);
  });
});

describe('RetrySignal', () => {
  it('is known from another copy of the package, by its code', async () => {
    const world = new PipelineWorld();
    const cause = httpError(404);
    const other = Object.assign(new Error('again', { cause }), { code: new RetrySignal().code });
    const retry = caseOptions({ backoff: FIXED, retryOn: () => false });

    const call = await world.call(world.pipeline({ retry }), executions(other));

    expect(call.runsAt).toHaveLength(3);
    expect(call.error).toBe(cause);
  });

  it('retries a request that must not be repeated, since its own code says so', async () => {
    const world = new PipelineWorld();
    const cause = Object.assign(httpError(503), { config: { method: 'post', headers: {} } });
    const retry = caseOptions({ backoff: FIXED });

    const asked = await world.call(world.pipeline({ retry }), executions(new RetrySignal(cause), 'ok'));
    const silent = await world.call(world.pipeline({ retry }), executions(cause, 'ok'));

    expect(asked.runsAt).toHaveLength(2);
    expect(silent.runsAt).toHaveLength(1);
  });

  it('opens no breaker by itself, as where the answer is that there is none yet; its cause may', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ backoff: FIXED, maxAttempts: 12 });
    const polled = Array.from({ length: 10 }, () => new RetrySignal());
    const pending = Array.from({ length: 10 }, () => new RetrySignal(new Error('still pending')));
    const unknown = Array.from({ length: 10 }, () => new RetrySignal(httpError(404)));
    const down = Array.from({ length: 10 }, () => new RetrySignal(httpError(503)));
    const behind = (operation: string) => world.pipeline({ retry, circuitBreaker: {} }, operation);

    expect((await world.call(behind('Jobs.poll'), executions(...polled, 'there'))).value).toBe('there');
    expect((await world.call(behind('Jobs.wait'), executions(...pending, 'done'))).value).toBe('done');
    expect((await world.call(behind('Jobs.find'), executions(...unknown, 'found'))).value).toBe('found');
    expect((await world.call(behind('Jobs.down'), executions(...down, 'up'))).runsAt).toHaveLength(5);
  });

  it('does not outlive the caller: an aborted call is not retried', async () => {
    const world = new PipelineWorld();
    const caller = new AbortController();
    const cause = httpError();
    const retry = caseOptions({ backoff: FIXED });

    const call = await world.call(
      world.pipeline({ retry }),
      () => {
        caller.abort();
        throw new RetrySignal(cause);
      },
      { signal: caller.signal },
    );

    expect(call).toMatchObject({ error: cause, runsAt: [0] });
  });

  it('shows its cause to an iteration that has delivered items already', async () => {
    const world = new PipelineWorld();
    const cause = httpError();
    const late = async function* () {
      yield 1;
      throw new RetrySignal(cause);
    };
    const iteration = composeAsyncIterable(world.pipeline({ retry: caseOptions() }))(late, []);

    await iteration.next();

    await expect(iteration.next()).rejects.toBe(cause);
  });
});
