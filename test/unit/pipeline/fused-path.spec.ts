import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import type { CallContext } from '../../../lib/core/call.js';
import { CircuitBreakerOpenError } from '../../../lib/policies/circuit-breaker/index.js';
import { PipelineWorld } from '../../support/pipeline-world.js';

const ok = (): unknown => Promise.resolve('ok');
const RETRY = { backoff: { type: 'fixed', initialDelay: 100, jitter: 'none' } } as const;

/** A world whose breaker refuses every call. */
function shut(policies: Parameters<PipelineWorld['pipeline']>[0]) {
  const world = new PipelineWorld();
  const pipeline = world.pipeline({ circuitBreaker: {}, ...policies });
  world.breaker().forceOpen();
  return { world, pipeline };
}

describe('a refusal on the fused path', () => {
  it('is the caller’s at once where only time limits stand outside of the gate', async () => {
    const { world, pipeline } = shut({ timeLimiter: { totalTimeout: 1000 } });

    const call = await world.callNow(pipeline, ok);

    expect(call).toMatchObject({ runsAt: [], endedMs: 0 });
    expect(call.error).toBeInstanceOf(CircuitBreakerOpenError);
    expect(world.events.of('circuit-breaker.rejected')).toHaveLength(1);
    expect(world.clock.allTimers).toBe(0);
  });

  it('is told to a retry around the gate', async () => {
    const { world, pipeline } = shut({ retry: RETRY });

    const call = await world.callNow(pipeline, ok);

    expect(call.error).toBeInstanceOf(CircuitBreakerOpenError);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'not-retryable' }]);
    expect(world.events.of('circuit-breaker.rejected')).toHaveLength(1);
  });

  it('is answered by a fallback around the gate', async () => {
    const { world, pipeline } = shut({ fallback: { handler: { value: 'instead' } } });

    expect(await world.callNow(pipeline, ok)).toMatchObject({ value: 'instead', runsAt: [] });
  });

  it('by an inner gate gives back what the outer one gave', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: {}, bulkhead: 1 });
    world.start(pipeline, () => world.valueAfter(50));

    const refused = await world.callNow(pipeline, ok);
    await world.clock.runAll();

    expect(refused.error).toMatchObject({ code: 'RESILIENCE_BULKHEAD_FULL' });
    expect(world.breaker().gate.counters).toMatchObject({ ignored: 1, success: 1, failure: 0 });
    expect(world.bulkhead().snapshot()).toMatchObject({ inUse: 0 });
  });
});

describe('the race of a fused call against its limit', () => {
  it('goes on in the async context of its caller when the limit has passed', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: RETRY, timeLimiter: { attemptTimeout: 50 } });
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const slowOnce = (execution: number): unknown => {
      seen.push(storage.getStore());
      return execution === 1 ? new Promise(() => undefined) : 'late';
    };

    const calls = ['one', 'other'].map((caller) =>
      storage.run(caller, () => world.start(pipeline, slowOnce)),
    );
    await world.clock.runAll();

    expect(calls).toMatchObject([
      { value: 'late', runsAt: [0, 150] },
      { value: 'late', runsAt: [0, 150] },
    ]);
    expect(seen).toEqual(['one', 'other', 'one', 'other']);
  });

  it('is over when the limit has passed: what its work gives later reaches no other call', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ timeLimiter: { attemptTimeout: 50 } });
    const late = await world.callNow(pipeline, () => world.valueAfter(60, 'too late'));
    await world.clock.advanceTo(50);

    const next = world.start(pipeline, () => world.valueAfter(40, 'in time'));
    await world.clock.runAll();

    expect(late.error).toMatchObject({ code: 'RESILIENCE_TIMEOUT_EXCEEDED' });
    expect(next).toMatchObject({ value: 'in time', endedMs: 90 });
  });

  it('leaves no timer after a call that was in time', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ timeLimiter: { attemptTimeout: 50 } });

    await world.callNow(pipeline, ok);
    await world.clock.settle();

    expect(world.clock.allTimers).toBe(0);
  });
});

describe('the first call of a method whose kind nobody knows', () => {
  const limited = () => {
    const world = new PipelineWorld();
    return { world, pipeline: world.pipeline({ timeLimiter: { attemptTimeout: 50 } }) };
  };

  it('has its whole time before it', async () => {
    const { pipeline } = limited();
    let remainingMs: number | undefined;

    const learned = pipeline.learn(
      (call: CallContext) => {
        remainingMs = call.remainingMs;
        return Promise.resolve('ok');
      },
      [],
      () => false,
    );

    expect(learned.kind).toBe('value');
    expect(await ('promise' in learned && learned.promise)).toBe('ok');
    expect(remainingMs).toBe(50);
  });

  it('leaves no timer where it gives a stream, and none where it throws', async () => {
    const { world, pipeline } = limited();
    const bug = new TypeError('a bug');

    const stream = pipeline.learn(ok, [], () => true);
    const refused = pipeline.learn(
      () => {
        throw bug;
      },
      [],
      () => false,
    );

    expect(stream.kind).toBe('stream');
    await expect('promise' in refused && refused.promise).rejects.toBe(bug);
    await world.clock.settle();
    expect(world.clock.allTimers).toBe(0);
  });
});
