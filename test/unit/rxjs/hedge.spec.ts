import { describe, expect, it } from '@jest/globals';
import { concat, EMPTY, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { Scope } from '../../../lib/core/scope.js';
import { BulkheadRule, resolveBulkheadOptions } from '../../../lib/policies/bulkhead/index.js';
import {
  createCircuitBreaker,
  resolveCircuitBreakerOptions,
} from '../../../lib/policies/circuit-breaker/index.js';
import type { HedgeOptions } from '../../../lib/policies/hedge/index.js';
import { hedgeStream } from '../../../lib/rxjs/stream-hedge.js';
import { gateStream, type StreamNext } from '../../../lib/rxjs/stream-layers.js';
import { type CallGiven, type HedgeGiven, HedgeWorld } from '../../support/hedge-world.js';

/** A world whose methods give streams. */
class StreamWorld extends HedgeWorld {
  /** What reached the subscriber, and when. */
  readonly log: string[] = [];
  /** Streams that are subscribed and have neither ended nor been left. */
  open = 0;

  streams(...sources: readonly Observable<unknown>[]): StreamNext {
    let number = 0;
    return (call) =>
      new Observable((subscriber) => {
        this.runsAt.push(this.clock.nowMs());
        this.calls.push(call);
        this.open += 1;
        const source = sources[Math.min(number, sources.length - 1)] ?? NEVER;
        number += 1;
        subscriber.add(() => (this.open -= 1));
        subscriber.add(source.subscribe(subscriber));
      });
  }

  subscribe(layer: StreamNext, given: CallGiven = {}) {
    const record = this.record(given);
    const scope = new Scope(record, Number.POSITIVE_INFINITY);
    const note = (what: string): void => {
      this.log.push(`${what} at ${this.clock.nowMs()}`);
    };
    return layer(scope, record).subscribe({
      next: (value) => note(String(value)),
      error: (error: unknown) => note(`error ${String(error)}`),
      complete: () => note('end'),
    });
  }

  stream(options: HedgeOptions, next: StreamNext, given: HedgeGiven = {}): StreamNext {
    return hedgeStream(this.rule(options, given), this.environment, next);
  }

  /** These values, each so long after the one before, and then the end. */
  every(ms: number, ...values: readonly string[]): Observable<string> {
    return concat(...values.map((value) => this.after(ms, of(value))));
  }

  after<T>(ms: number, then: Observable<T>): Observable<T> {
    return new Observable((subscriber) => {
      const planned = this.clock.schedule(ms, () => subscriber.add(then.subscribe(subscriber)));
      subscriber.add(() => planned.cancel());
    });
  }
}

const failing = (what: string) => throwError(() => what);

describe('hedgeStream', () => {
  it('LM-35: the stream that gives a value first is the result, and the other is left', async () => {
    const world = new StreamWorld();
    const next = world.streams(world.every(200, 'first'), world.every(30, 'a', 'b'));
    world.subscribe(world.stream({ delay: 50 }, next));

    await world.clock.advanceTo(80);
    const { open } = world;
    await world.clock.runAll();

    expect(world.runsAt).toEqual([0, 50]);
    expect(world.log).toEqual(['a at 80', 'b at 110', 'end at 110']);
    expect(open).toBe(1);
    expect(world.calls[0]?.cancellation).toMatchObject({ isCancelled: true, origin: 'loser' });
    expect(world.calls[1]?.isCancelled).toBe(false);
    expect(world.clock.allTimers).toBe(0);
  });

  it('LM-36: a stream whose first value is in time has no company, however long it goes on', async () => {
    const world = new StreamWorld();
    world.subscribe(world.stream({ delay: 50 }, world.streams(world.every(40, 'a', 'b', 'c'))));

    await world.clock.advanceTo(40);
    const { open } = world;
    await world.clock.runAll();

    expect(open).toBe(1);
    expect(world.runsAt).toEqual([0]);
    expect(world.log).toEqual(['a at 40', 'b at 80', 'c at 120', 'end at 120']);
    expect(world.clock.allTimers).toBe(0);
  });

  it('an end without a value is a success as well', async () => {
    const world = new StreamWorld();
    world.subscribe(world.stream({ delay: 50 }, world.streams(NEVER, world.every(30))));

    await world.clock.runAll();

    expect(world.log).toEqual(['end at 50']);
    expect(world.open).toBe(0);
  });

  it('LM-37: a failure before any hedge goes out at once', async () => {
    const world = new StreamWorld();
    world.subscribe(world.stream({ delay: 50 }, world.streams(world.after(10, failing('down')))));

    await world.clock.advanceTo(10);

    expect(world.log).toEqual(['error down at 10']);
    expect(world.clock.allTimers).toBe(0);
  });

  it("LM-38: all fail: the first attempt's error, when the last has failed", async () => {
    const world = new StreamWorld();
    const next = world.streams(world.after(200, failing('first')), world.after(30, failing('second')));
    world.subscribe(world.stream({ delay: 50 }, next));

    await world.clock.runAll();

    expect(world.log).toEqual(['error first at 200']);
  });

  it('LM-38: a failure waits for the attempt that is running', async () => {
    const world = new StreamWorld();
    const next = world.streams(world.after(60, failing('first')), world.every(30, 'second'));
    world.subscribe(world.stream({ delay: 50 }, next));

    await world.clock.runAll();

    expect(world.log).toEqual(['second at 80', 'end at 80']);
  });

  it('a failure after a value goes out: nothing is sent twice', async () => {
    const world = new StreamWorld();
    const source = concat(world.every(20, 'a'), world.after(40, failing('broken')));
    world.subscribe(world.stream({ delay: 50 }, world.streams(source)));

    await world.clock.runAll();

    expect(world.log).toEqual(['a at 20', 'error broken at 60']);
    expect(world.runsAt).toEqual([0]);
  });

  it('LM-39: without a delay all start at once, unless the first answers at once', async () => {
    const world = new StreamWorld();
    const options = { delay: 0, maxHedgedAttempts: 2 };

    world.subscribe(world.stream(options, world.streams(world.every(20, 'slow')))).unsubscribe();
    world.subscribe(world.stream(options, world.streams(of('fast'))));

    expect(world.runsAt).toEqual([0, 0, 0, 0]);
    expect(world.log).toEqual(['fast at 0', 'end at 0']);
  });

  it('a subscriber who leaves ends all attempts, and none starts any more', async () => {
    const world = new StreamWorld();
    const layer = world.stream({ delay: 50, maxHedgedAttempts: 3 }, world.streams(NEVER));
    const subscription = world.subscribe(layer);
    await world.clock.advanceTo(60);
    const { open } = world;

    subscription.unsubscribe();
    await world.clock.runAll();

    expect(open).toBe(2);
    expect(world.open).toBe(0);
    expect(world.runsAt).toEqual([0, 50]);
    expect(world.clock.allTimers).toBe(0);
  });

  it('a subscriber who takes one value leaves no attempt behind', async () => {
    const world = new StreamWorld();
    const subscription = world.subscribe(
      world.stream({ delay: 50 }, world.streams(NEVER, concat(world.every(30, 'a'), NEVER))),
    );
    await world.clock.advanceTo(80);

    subscription.unsubscribe();

    expect(world.log).toEqual(['a at 80']);
    expect(world.open).toBe(0);
  });

  it('an attempt that makes another win while it is being subscribed is left as well', async () => {
    const world = new StreamWorld();
    const first = new Subject<string>();
    const second = new Observable<string>(() => first.next('won by the first'));
    world.subscribe(world.stream({ delay: 50 }, world.streams(first, second)));

    await world.clock.runAll();

    expect(world.log).toEqual(['won by the first at 50']);
    expect(world.open).toBe(1);
    first.complete();
    expect(world.open).toBe(0);
  });

  it('LM-42: a loser is nothing to the breaker', async () => {
    const world = new StreamWorld();
    const options = resolveCircuitBreakerOptions('db', { failureThreshold: 2 });
    const { environment } = world;
    const breaker = createCircuitBreaker({ name: 'db', options, environment });

    for (let call = 0; call < 5; call += 1) {
      const next = gateStream(breaker, 1, world.streams(NEVER, world.every(30, 'second')));
      world.subscribe(world.stream({ delay: 50 }, next));
      await world.clock.runAll();
    }

    expect(breaker.state).toBe('closed');
    expect(breaker.snapshot()).toMatchObject({ recordedCalls: 5, failures: 0 });
  });

  it('an attempt that queues behind one that ends without a value never runs', async () => {
    const world = new StreamWorld();
    const { environment } = world;
    const options = resolveBulkheadOptions('db', { maxConcurrentCalls: 1, maxQueueSize: 1 });
    const bulkhead = new BulkheadRule({ name: 'db', options, environment });
    const next = gateStream(bulkhead, 1, world.streams(world.after(200, EMPTY)));
    world.subscribe(world.stream({ delay: 50 }, next));

    await world.clock.runAll();

    expect(world.log).toEqual(['end at 200']);
    expect(world.runsAt).toEqual([0]);
    expect(bulkhead.snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('without a delay a first attempt that fails at once has company all the same, as of promises', async () => {
    const world = new StreamWorld();
    const next = world.streams(failing('first'), failing('second'), world.every(20, 'third'));
    world.subscribe(world.stream({ delay: 0, maxHedgedAttempts: 2 }, next));

    await world.clock.runAll();

    expect(world.runsAt).toEqual([0, 0, 0]);
    expect(world.log).toEqual(['third at 20', 'end at 20']);
    expect(world.events.counts()).toEqual({ 'hedge.launched': 2 });
  });

  it("without a delay, and all fail at once: the first attempt's error, once", async () => {
    const world = new StreamWorld();
    const next = world.streams(failing('first'), failing('second'));
    world.subscribe(world.stream({ delay: 0 }, next));

    await world.clock.runAll();

    expect(world.log).toEqual(['error first at 0']);
  });

  it('LM-53: every winner gives its token back', async () => {
    const world = new StreamWorld();
    const budget = world.budget({ capacity: 1, ratio: 0, minRetriesPerSecond: 0 });

    for (let call = 0; call < 3; call += 1) {
      const next = world.streams(NEVER, world.every(30, 'second'));
      world.subscribe(world.stream({ delay: 50 }, next, { budget }));
      await world.clock.runAll();
    }

    expect(world.events.counts()).toEqual({ 'hedge.launched': 3 });
    expect(budget.balance).toBe(1);
  });

  it('LM-54: an unsafe request is never hedged, and its success counts once', async () => {
    const world = new StreamWorld();
    const budget = world.budget({ capacity: 10, ratio: 1, minRetriesPerSecond: 0 });
    for (let taken = 0; taken < 5; taken += 1) budget.tryTake();
    const layer = world.stream({ delay: 50 }, world.streams(world.every(60, 'a', 'b')), { budget });
    world.subscribe(layer, { isUnsafe: true });

    await world.clock.runAll();

    expect(world.log).toEqual(['a at 60', 'b at 120', 'end at 120']);
    expect(world.runsAt).toEqual([0]);
    expect(budget.balance).toBe(6);
  });
});
