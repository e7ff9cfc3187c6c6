import { describe, expect, it } from '@jest/globals';
import type { CallContext } from '../../../lib/core/call.js';
import { composeAsyncIterable, type PolicyOptions } from '../../../lib/pipeline/index.js';
import { hang, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';

const FIXED = (initialDelay: number) => ({ type: 'fixed', initialDelay }) as const;

type Source = (execution: number, call: CallContext) => AsyncIterable<unknown>;

class IterationWorld extends PipelineWorld {
  readonly runsAt: number[] = [];
  readonly signals: AbortSignal[] = [];

  iterate(policies: PolicyOptions, source: Source) {
    const fn = (call: CallContext): unknown => {
      this.runsAt.push(this.clock.nowMs());
      this.signals.push(call.signal);
      return source(this.runsAt.length, call);
    };
    return composeAsyncIterable(this.pipeline(policies))(fn, []);
  }

  async allOf(iteration: AsyncIterable<unknown>): Promise<unknown[]> {
    const seen: unknown[] = [];
    try {
      for await (const item of iteration) seen.push(item);
      seen.push('end');
    } catch (error) {
      seen.push(error);
    }
    return seen;
  }
}

async function* failing(): AsyncGenerator<never> {
  yield await Promise.reject(httpError());
}

async function* items(...list: readonly unknown[]): AsyncGenerator<unknown> {
  yield* list;
}

async function* thenFails(...list: readonly unknown[]): AsyncGenerator<unknown> {
  yield* list;
  throw httpError();
}

async function* hanging(): AsyncGenerator<unknown> {
  yield await hang();
}

describe('the async-iterable shell', () => {
  it('CP-26: makes a first item that failed again', async () => {
    const world = new IterationWorld();
    const iteration = world.iterate({ retry: caseOptions({ backoff: FIXED(100) }) }, (execution) =>
      execution === 1 ? failing() : items(1, 2),
    );
    const before = world.runsAt.length;

    const seen = world.allOf(iteration);
    await world.clock.runAll();

    expect(before).toBe(0);
    expect(await seen).toEqual([1, 2, 'end']);
    expect(world.runsAt).toEqual([0, 100]);
    expect(world.events.kinds).toEqual(['retry.scheduled', 'retry.recovered']);
  });

  it.each([
    [
      'ends with a failure of its own',
      (call: CallContext, world: IterationWorld) => world.errorAfter(50, call),
    ],
    [
      'obeys its signal',
      ({ signal }: CallContext) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
    ],
  ])('records nothing of an attempt that was left before its first item (%s)', async (_how, work) => {
    const world = new IterationWorld();
    const iteration = world.iterate(
      { retry: caseOptions(), circuitBreaker: {} },
      async function* (_execution, call) {
        yield await work(call, world);
      },
    );
    void iteration.next();
    await world.clock.advance(20);

    await iteration.return();
    await world.clock.runAll();

    expect(world.events.kinds).toEqual([]);
    expect(world.breaker().snapshot()).toMatchObject({ recordedCalls: 0 });
  });

  it('CP-26: passes a failure after the first item through', async () => {
    const world = new IterationWorld();
    const policies = { retry: caseOptions(), circuitBreaker: {}, fallback: { handler: { value: 7 } } };

    const seen = await world.allOf(world.iterate(policies, () => thenFails(1)));

    expect(seen).toMatchObject([1, { status: 503 }]);
    expect(world.runsAt).toEqual([0]);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'not-retryable' }]);
    expect(world.breaker().snapshot()).toMatchObject({ failures: 1 });
  });

  it('records nothing where it is left before an item, and lets the caller go at once', async () => {
    const world = new IterationWorld();
    const source: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]: () => ({ next: hang, return: async () => ({ done: true, value: undefined }) }),
    };
    const iteration = world.iterate({ circuitBreaker: {}, bulkhead: 1 }, () => source);

    const first = iteration.next();
    await world.clock.settle();
    const returned = await iteration.return('bye');
    await world.clock.settle();

    expect(returned).toEqual({ done: true, value: 'bye' });
    expect(await first).toEqual({ done: true, value: undefined });
    expect(world.breaker().snapshot().recordedCalls).toBe(0);
    expect(world.bulkhead().snapshot().inUse).toBe(0);
    expect(world.signals[0]).toMatchObject({ aborted: true, reason: { name: 'AbortError' } });
  });

  it('keeps the place of a source that does not end when it is left', async () => {
    const world = new IterationWorld();
    const iteration = world.iterate({ circuitBreaker: {}, bulkhead: 1 }, hanging);

    void iteration.next();
    await world.clock.settle();
    await iteration.return();

    expect(world.breaker().snapshot().recordedCalls).toBe(0);
    expect(world.bulkhead().snapshot().inUse).toBe(1);
  });

  it('records a success where it is left after an item, and ends the source', async () => {
    const world = new IterationWorld();
    let hasEnded = false;
    const iteration = world.iterate({ circuitBreaker: {}, bulkhead: 1 }, async function* () {
      try {
        yield* [1, 2, 3];
      } finally {
        hasEnded = true;
      }
    });

    for await (const _item of iteration) break;

    expect(hasEnded).toBe(true);
    expect(world.breaker().snapshot()).toMatchObject({ recordedCalls: 1, failures: 0 });
    expect(world.bulkhead().snapshot().inUse).toBe(0);
    expect(world.signals[0]?.aborted).toBe(true);
  });

  it('runs nothing where it is returned before it began', async () => {
    const world = new IterationWorld();
    const iteration = world.iterate({ circuitBreaker: {} }, () => items(1));

    await iteration.return();

    expect(await iteration.next()).toEqual({ done: true, value: undefined });
    expect(world.runsAt).toEqual([]);
  });

  it('gives items in order to those who ask for several at once', async () => {
    const world = new IterationWorld();
    const iteration = world.iterate({ retry: {} }, () => items(1, 2));

    const results = await Promise.all([
      iteration.next(),
      iteration.next(),
      iteration.next(),
      iteration.next(),
    ]);

    expect(results.map(({ done, value }) => (done === true ? 'end' : value))).toEqual([1, 2, 'end', 'end']);
  });

  it('bounds the time to the first item, and nothing that follows', async () => {
    const world = new IterationWorld();
    const inner = world.pipeline({ retry: {} }, 'inner');
    const slow = world.allOf(world.iterate({ timeLimiter: 100 }, hanging));
    const steady = world.allOf(
      world.iterate({ timeLimiter: 100 }, async function* () {
        yield 1;
        await world.valueAfter(500);
        yield inner.call(async () => 2, []);
      }),
    );

    await world.clock.runAll();

    expect(await slow).toMatchObject([{ name: 'TimeoutExceededError' }]);
    expect(await steady).toEqual([1, 2, 'end']);
    expect(world.clock.allTimers).toBe(0);
  });

  it('ends the calls inside of the source with its limit', async () => {
    const world = new IterationWorld();
    const inner = world.pipeline({ retry: caseOptions({ backoff: FIXED(1000) }) }, 'inner');
    let innerError: unknown;

    const seen = world.allOf(
      world.iterate({ timeLimiter: 100 }, async function* () {
        innerError = await inner.call(() => Promise.reject(httpError()), []).catch((error: unknown) => error);
        yield 1;
      }),
    );
    await world.clock.runAll();

    expect(await seen).toEqual([1, 'end']);
    expect(innerError).toMatchObject({ status: 503 });
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'deadline' }]);
  });

  it('holds no place during a delay after a bad first item, and ends what gave it', async () => {
    const world = new IterationWorld();
    const ended: number[] = [];
    const retry = caseOptions({ backoff: FIXED(100), retryOnResult: (value) => value === 'bad' });
    const seen = world.allOf(
      world.iterate({ retry, bulkhead: 1, circuitBreaker: {} }, async function* (execution) {
        try {
          yield execution === 1 ? 'bad' : 'good';
        } finally {
          ended.push(world.clock.nowMs());
        }
      }),
    );
    await world.clock.advanceTo(50);
    const inUse = world.bulkhead().snapshot().inUse;
    await world.clock.runAll();

    expect(inUse).toBe(0);
    expect(await seen).toEqual(['good', 'end']);
    expect(ended).toEqual([0, 100]);
    expect(world.breaker().snapshot().recordedCalls).toBe(2);
  });

  it('leaves no unhandled rejection of a source that cannot be closed', async () => {
    const world = new IterationWorld();
    const retry = caseOptions({ maxAttempts: 2, retryOnResult: () => true });
    const source: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 0 }),
        return: () => Promise.reject(new Error('cannot close')),
      }),
    };
    const iteration = world.iterate({ retry }, () => source);

    const first = iteration.next();
    await world.clock.runAll();

    expect(await first).toEqual({ done: false, value: 0 });
    await expect(iteration.return()).rejects.toThrow('cannot close');
  });

  it('answers with what a fallback gives: an item, or an iteration', async () => {
    const world = new IterationWorld();
    const value = { fallback: { handler: { value: 7 } } };
    const iteration = { fallback: { handler: () => items(1, 2) } };

    expect(await world.allOf(world.iterate(value, failing))).toEqual([7, 'end']);
    expect(await world.allOf(world.iterate(iteration, failing))).toEqual([1, 2, 'end']);
    expect(world.events.kinds).toEqual(['fallback.served', 'fallback.served']);
  });

  it('remembers all items of the last good iteration', async () => {
    const world = new IterationWorld();
    const policies = { fallback: { handler: { lastGood: { maxAge: '5m' } } } } as const;
    const pipeline = world.pipeline(policies);
    const call = composeAsyncIterable(pipeline);
    const fn = (list: readonly unknown[]) => () => (list.length > 0 ? items(...list) : failing());

    const good = await world.allOf(call(fn([1, 2]), []));
    const kept = await world.allOf(call(fn([]), []));

    expect([good, kept]).toEqual([
      [1, 2, 'end'],
      [1, 2, 'end'],
    ]);
  });
});
