import { describe, expect, it } from '@jest/globals';
import { executions, OPERATION, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions } from '../../support/retry-world.js';

const FIXED = (initialDelay: number) => ({ type: 'fixed', initialDelay }) as const;

describe('retry through a pipeline, hooks and record', () => {
  it('RT-57: tells of retries and of the recovery in order', async () => {
    const world = new PipelineWorld();
    const log: unknown[] = [];
    world.policies.events.listen((event) => log.push(event.kind));
    const behaviour = executions(503, 503, 'ok');

    await world.call(world.pipeline({ retry: caseOptions() }), (number, call) => {
      log.push(number);
      return behaviour(number, call);
    });

    expect(log).toEqual([1, 'retry.scheduled', 2, 'retry.scheduled', 3, 'retry.recovered']);
    expect(world.events.all[0]).toMatchObject({ operation: OPERATION, attempt: 1, delayMs: 100 });
  });

  it.each([
    [404, 'not-retryable', 1],
    [503, 'exhausted', 3],
  ])('RT-59: tells once that it gave up on %d', async (status, reason, attempts) => {
    const world = new PipelineWorld();
    const told: unknown[] = [];
    const pipeline = world.pipeline({ retry: caseOptions({ onGiveUp: (context) => told.push(context) }) });

    await world.call(pipeline, executions(status));

    expect(told).toMatchObject([{ operation: OPERATION, reason, attempts }]);
  });

  it.each([
    [{ maxAttempts: 0 }, 'maxAttempts'],
    [{ maxAttempts: 1.5 }, 'maxAttempts'],
    [{ maxAttempts: -3 }, 'maxAttempts'],
    [{ backoff: { initialDelay: -1 } }, 'backoff.initialDelay'],
    [{ backoff: { jitter: 1.5 } }, 'backoff.jitter'],
    [{ backoff: { multiplier: 0.5 } }, 'backoff.multiplier'],
    [{ maxDuration: 0 }, 'maxDuration'],
  ])('RT-60: refuses %j', (retry, field) => {
    const world = new PipelineWorld();

    expect(() => world.pipeline({ retry })).toThrow(
      expect.objectContaining({ name: 'InvalidOptionsError', operation: OPERATION, field }),
    );
  });

  it.each([
    ['RESILIENCE_IDEMPOTENCY_IN_FLIGHT', undefined, [0, 2000]],
    ['RESILIENCE_IDEMPOTENCY_STORE', 'begin', [0, 2000]],
    ['RESILIENCE_IDEMPOTENCY_STORE', 'complete', [0]],
    ['RESILIENCE_IDEMPOTENCY_MISMATCH', undefined, [0]],
  ])('RT-61: knows %s of phase %s from inside', async (code, phase, runsAt) => {
    const world = new PipelineWorld();
    const error = Object.assign(new Error('idempotency'), { code, phase, retryAfterMs: 2000 });
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: FIXED(100) }) });

    const call = await world.call(pipeline, executions(error, 'ok'));

    expect(call.runsAt).toEqual(runsAt);
  });

  it('shows predicates and hooks a call context, with its number and its signal', async () => {
    const world = new PipelineWorld();
    const seen: unknown[] = [];
    const see = (call: { attempt: number; signal: AbortSignal; operation: string }): true => {
      seen.push([call.attempt, call.signal.aborted, call.operation]);
      return true;
    };
    const retry = caseOptions({ retryOn: (_error, call) => see(call), onRetry: ({ call }) => see(call) });

    await world.call(world.pipeline({ retry }), executions(503, 'ok'));

    expect(seen).toEqual([
      [1, false, OPERATION],
      [1, false, OPERATION],
    ]);
  });
});
