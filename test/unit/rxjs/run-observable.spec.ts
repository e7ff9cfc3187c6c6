import { describe, expect, it } from '@jest/globals';
import { concat, from, NEVER, type Observable, of, range, Subject, take, throwError } from 'rxjs';
import type { CallContext } from '../../../lib/core/call.js';
import type { PolicyOptions } from '../../../lib/pipeline/index.js';
import { composeObservable } from '../../../lib/rxjs/index.js';
import { fails as failing, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';

const FIXED = (initialDelay: number) => ({ type: 'fixed', initialDelay }) as const;
const fails = (): Observable<never> => throwError(() => httpError());

/** A method that gives streams, under policies, and what its subscribers have seen. */
class StreamWorld extends PipelineWorld {
  readonly runsAt: number[] = [];
  readonly signals: AbortSignal[] = [];
  readonly seen: unknown[] = [];

  method(policies: PolicyOptions, stream: (execution: number, call: CallContext) => unknown) {
    const fn = (call: CallContext): unknown => {
      this.runsAt.push(this.clock.nowMs());
      this.signals.push(call.signal);
      return stream(this.runsAt.length, call);
    };
    return composeObservable(this.pipeline(policies))(fn, []);
  }

  subscribe(stream: Observable<unknown>) {
    return stream.subscribe({
      next: (value) => this.seen.push(value),
      error: (error: Error) => this.seen.push(error),
      complete: () => this.seen.push('complete'),
    });
  }
}

describe('the Observable shell, subscriptions', () => {
  it('CP-21: runs nothing before it is subscribed, and each subscription as a call of its own', async () => {
    const world = new StreamWorld();
    const stream = world.method({ retry: caseOptions({ backoff: FIXED(100) }) }, (execution) =>
      execution < 3 ? fails() : of(execution),
    );
    const before = world.runsAt.length;

    world.subscribe(stream);
    world.subscribe(stream);
    await world.clock.runAll();

    expect(before).toBe(0);
    expect(world.runsAt).toEqual([0, 0, 100, 100]);
    expect(world.seen).toEqual([3, 'complete', 4, 'complete']);
  });

  it('CP-22: gives the permit of a stream back unrecorded that was left before a value', () => {
    const world = new StreamWorld();
    const subscription = world.subscribe(world.method({ circuitBreaker: {}, bulkhead: 1 }, () => NEVER));
    const inUse = world.bulkhead().snapshot().inUse;

    subscription.unsubscribe();

    expect(inUse).toBe(1);
    expect(world.bulkhead().snapshot().inUse).toBe(0);
    expect(world.breaker().snapshot().recordedCalls).toBe(0);
  });

  it('CP-22: counts a stream for a success that was left after a value', () => {
    const world = new StreamWorld();
    const source = new Subject();
    const subscription = world.subscribe(world.method({ circuitBreaker: {}, bulkhead: 1 }, () => source));

    source.next(1);
    subscription.unsubscribe();

    expect(world.breaker().snapshot()).toMatchObject({ recordedCalls: 1, failures: 0 });
    expect(world.bulkhead().snapshot().inUse).toBe(0);
    expect(source.observed).toBe(false);
  });

  it('CP-23: delivers the refusal of an open breaker at subscription', () => {
    const world = new StreamWorld();
    const stream = world.method({ circuitBreaker: {} }, () => of(1));
    world.breaker().forceOpen();

    world.subscribe(stream);

    expect(world.seen).toMatchObject([{ name: 'CircuitBreakerOpenError' }]);
    expect(world.runsAt).toEqual([]);
  });

  it('CP-24: calls the method again for each attempt', async () => {
    const world = new StreamWorld();
    const stream = world.method({ retry: caseOptions({ backoff: FIXED(100) }) }, (execution) =>
      execution < 3 ? fails() : of(1),
    );

    world.subscribe(stream);
    await world.clock.runAll();

    expect(world.runsAt).toEqual([0, 100, 200]);
    expect(world.seen).toEqual([1, 'complete']);
    expect(world.events.kinds).toEqual(['retry.scheduled', 'retry.scheduled', 'retry.recovered']);
  });

  it('CP-25: sends no value twice: a failure after the first passes through', async () => {
    const world = new StreamWorld();
    const stream = world.method({ retry: caseOptions({ backoff: FIXED(100) }), circuitBreaker: {} }, () =>
      concat(of(1), fails()),
    );

    world.subscribe(stream);
    await world.clock.runAll();

    expect(world.runsAt).toEqual([0]);
    expect(world.seen).toMatchObject([1, { status: 503 }]);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'not-retryable', attempts: 1 }]);
    expect(world.breaker().snapshot()).toMatchObject({ failures: 1 });
  });

  it('tells of one end only where a second attempt fails after its first value', async () => {
    const world = new StreamWorld({ retryBudget: { capacity: 5, ratio: 0, minRetriesPerSecond: 0 } });
    const retry = { ...caseOptions({ backoff: FIXED(100) }), budget: 'default' };
    const stream = world.method({ retry }, (execution) =>
      execution === 1 ? fails() : concat(of(1), fails()),
    );

    world.subscribe(stream);
    await world.clock.runAll();

    expect(world.events.kinds).toEqual(['retry.scheduled', 'retry.gave-up']);
    expect(world.balance).toBe(4);
  });

  it('takes what the method throws for a failure of the stream', async () => {
    const world = new StreamWorld();
    const stream = world.method({ retry: caseOptions({ backoff: FIXED(100) }) }, (execution) =>
      execution === 1 ? failing() : of(1),
    );

    world.subscribe(stream);
    await world.clock.runAll();

    expect(world.seen).toEqual([1, 'complete']);
  });
});

describe('the Observable shell, leaving', () => {
  it('ends a call that is left during a delay, and gives its token back', async () => {
    const world = new StreamWorld({ retryBudget: { capacity: 3, ratio: 0, minRetriesPerSecond: 0 } });
    const retry = { ...caseOptions({ backoff: FIXED(1000) }), budget: 'default' };
    const subscription = world.subscribe(world.method({ retry }, fails));
    await world.clock.advanceTo(500);

    subscription.unsubscribe();
    await world.clock.runAll();

    expect(world.runsAt).toEqual([0]);
    expect(world.balance).toBe(3);
    expect(world.clock.allTimers).toBe(0);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'aborted' }]);
    expect(world.seen).toEqual([]);
  });

  it('aborts the signal of the method when its stream is left, and not when it has ended', () => {
    const world = new StreamWorld();
    const policies = {
      retry: {},
      circuitBreaker: {},
      timeLimiter: { attemptTimeout: 50, totalTimeout: 100 },
    };
    const left = world.subscribe(world.method(policies, () => NEVER));
    world.subscribe(world.method(policies, () => of(1)));

    left.unsubscribe();

    expect(world.signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(world.clock.allTimers).toBe(0);
  });

  it.each([
    [{}],
    [{ circuitBreaker: {}, bulkhead: 1 }],
    [{ retry: {}, fallback: { handler: { value: 0 } }, timeLimiter: { attemptTimeout: 5, totalTimeout: 9 } }],
  ])('leaves an endless synchronous stream under %j', (policies) => {
    const world = new StreamWorld();
    const endless = range(0, Number.MAX_SAFE_INTEGER);

    world.subscribe(world.method(policies, () => endless).pipe(take(3)));

    expect(world.seen).toEqual([0, 1, 2, 'complete']);
    expect(world.clock.allTimers).toBe(0);
  });

  it('serves a queued subscription when a place is free, and forgets one that has left', async () => {
    const world = new StreamWorld();
    const stream = world.method({ bulkhead: { maxConcurrentCalls: 1, maxQueueSize: 2 } }, () => NEVER);
    const [first, second] = [world.subscribe(stream), world.subscribe(stream)];
    world.subscribe(stream);

    second?.unsubscribe();
    first?.unsubscribe();

    expect(world.runsAt).toHaveLength(2);
    expect(world.bulkhead().snapshot()).toMatchObject({ inUse: 1, queued: 0 });
  });

  it('gives the last value where the application closes before another attempt', async () => {
    const world = new StreamWorld();
    const retry = caseOptions({ backoff: FIXED(100), retryOnResult: (value) => value === 'bad' });
    world.subscribe(world.method({ retry, bulkhead: 1 }, () => concat(of('bad'), NEVER)));
    const inUse = world.bulkhead().snapshot().inUse;

    world.policies.close();

    expect(inUse).toBe(0);
    expect(world.seen).toEqual(['bad', 'complete']);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'shutdown' }]);
  });

  it('delivers the last bad value and all that follows it', async () => {
    const world = new StreamWorld();
    const retry = caseOptions({ maxAttempts: 2, backoff: FIXED(100), retryOnResult: (value) => value === 0 });

    world.subscribe(world.method({ retry }, (execution) => of(0, execution)));
    await world.clock.runAll();

    expect(world.seen).toEqual([0, 2, 'complete']);
    expect(world.events.kinds).toEqual(['retry.scheduled', 'retry.gave-up']);
  });
});

describe('the Observable shell, limits and fallbacks', () => {
  it('bounds the time to the first value, not the stream', async () => {
    const world = new StreamWorld();
    const source = new Subject();
    world.subscribe(world.method({ timeLimiter: 100 }, () => source));

    await world.clock.advanceTo(50);
    source.next(1);
    await world.clock.advanceTo(5000);
    source.next(2);

    expect(world.seen).toEqual([1, 2]);
    expect(world.clock.allTimers).toBe(0);
  });

  it('does not hold what a stream calls later to a limit that was kept', async () => {
    const world = new StreamWorld();
    const inner = world.pipeline({ retry: {} }, 'inner');
    const stream = world.method({ timeLimiter: 100 }, async function* () {
      yield 'first';
      await world.valueAfter(5000);
      yield inner.call(async () => 'second', []);
    });

    world.subscribe(stream);
    await world.clock.runAll();

    expect(world.seen).toEqual(['first', 'second', 'complete']);
  });

  it('fails with the limit, leaves the source, and tells the retry of the total one', async () => {
    const world = new StreamWorld();
    const source = new Subject();
    const policies = { retry: caseOptions(), circuitBreaker: {}, timeLimiter: { totalTimeout: 100 } };
    world.subscribe(world.method(policies, () => source));

    await world.clock.advanceTo(100);

    expect(world.seen).toMatchObject([{ name: 'TimeoutExceededError', limit: 'total' }]);
    expect(source.observed).toBe(false);
    expect(world.signals[0]?.reason).toBe(world.seen[0]);
    expect(world.events.kinds).toEqual(['time-limiter.timed-out', 'retry.gave-up']);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'deadline' }]);
    expect(world.breaker().snapshot()).toMatchObject({ failures: 1 });
    expect(world.clock.allTimers).toBe(0);
  });

  it.each([
    ['a value', { value: 7 }, [7, 'complete']],
    ['a stream', () => of(1, 2), [1, 2, 'complete']],
    ['a promise', async () => 3, [3, 'complete']],
    ['a promise of a stream', async () => of(4, 5), [4, 5, 'complete']],
  ])('answers a failure with %s as a stream', async (_name, handler, seen) => {
    const world = new StreamWorld();

    world.subscribe(world.method({ fallback: { handler } }, fails));
    await world.clock.settle();

    expect(world.seen).toEqual(seen);
    expect(world.events.kinds).toEqual(['fallback.served']);
  });

  it('tells of an answer that its subscriber leaves after the first value', () => {
    const world = new StreamWorld();

    world.subscribe(world.method({ fallback: { handler: { value: 7 } } }, fails).pipe(take(1)));

    expect(world.events.kinds).toEqual(['fallback.served']);
  });

  it('has no answer after a value was delivered, and counts the failure', () => {
    const world = new StreamWorld();
    const policies = { fallback: { handler: { value: 7 } }, circuitBreaker: {} };

    world.subscribe(world.method(policies, () => concat(of(1), fails())));

    expect(world.seen).toMatchObject([1, { status: 503 }]);
    expect(world.breaker().snapshot().failures).toBe(1);
  });

  it('remembers all values of the last good stream', () => {
    const world = new StreamWorld();
    const policies = { fallback: { handler: { lastGood: { maxAge: '5m' } } } } as const;
    const stream = world.method(policies, (execution) => (execution === 1 ? from([1, 2]) : fails()));

    world.subscribe(stream);
    world.subscribe(stream);

    expect(world.seen).toEqual([1, 2, 'complete', 1, 2, 'complete']);
  });

  it('leaves nothing behind of a thousand attempts', async () => {
    const world = new StreamWorld();
    const retry = caseOptions({ maxAttempts: 1000, backoff: FIXED(1) });

    world.subscribe(world.method({ retry }, (execution) => (execution < 1000 ? fails() : of('ok'))));
    await world.clock.runAll();

    expect(world.seen).toEqual(['ok', 'complete']);
    expect(world.clock.allTimers).toBe(0);
  });
});
