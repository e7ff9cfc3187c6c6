import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asapScheduler, finalize, firstValueFrom, Observable, observeOn, of, range, take } from 'rxjs';
import type { CallContext } from '../../../lib/core/call.js';
import type { Pipeline, PolicyOptions } from '../../../lib/pipeline/index.js';
import { composeObservable } from '../../../lib/rxjs/index.js';
import { fusedWayOf } from '../../../lib/rxjs/fusible.js';
import { composeStream, subscribeEach } from '../../../lib/rxjs/run-observable.js';
import { PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';

type Method = (call: CallContext) => unknown;
type Compose = (pipeline: Pipeline, method: Method) => Observable<unknown>;

const composed: Compose = (pipeline, method) => composeObservable(pipeline)(method, []);
const stepByStep: Compose = (pipeline, method) =>
  subscribeEach(pipeline, composeStream(pipeline), () => pipeline.record(method, []));

/** One execution: what its source does. */
interface Source {
  readonly kind: 'sync' | 'async' | 'promise' | 'endless' | 'throws';
  readonly values: number;
  readonly end: 'complete' | 503 | 404 | 'never';
  readonly ms: number;
}

interface Subscriptions {
  readonly gapMs: number;
  readonly sources: readonly Source[];
  readonly take: number | undefined;
  readonly leavesAfterMs: number | undefined;
}

interface Script {
  readonly policies: PolicyOptions;
  readonly calls: readonly Subscriptions[];
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const gates = {
  circuitBreaker: maybe(
    fc
      .record({ failureThreshold: fc.integer({ min: 1, max: 3 }), slow: fc.boolean() })
      .map(({ failureThreshold, slow }) => ({
        failureThreshold,
        waitDurationInOpenState: 30,
        ...(slow && { slowCallDurationThreshold: 25 }),
      })),
  ),
  bulkhead: maybe(fc.record({ maxConcurrentCalls: fc.integer({ min: 1, max: 2 }), maxQueueSize: fc.nat(1) })),
  rateLimiter: maybe(fc.record({ limit: fc.integer({ min: 1, max: 3 }), window: fc.constant(40) })),
};
const retry = fc.record({ maxAttempts: fc.integer({ min: 1, max: 3 }), delay: fc.nat(20) });
const policies = fc
  .record({
    ...gates,
    retry: maybe(
      retry.map(({ maxAttempts, delay }) =>
        caseOptions({ maxAttempts, backoff: { type: 'fixed', initialDelay: delay, jitter: 'none' } }),
      ),
    ),
    fallback: maybe(fc.constant({ handler: { value: 'spare' } })),
  })
  .chain((given) => {
    const words = Object.keys(given).filter((word) => given[word as keyof typeof given] !== undefined);
    const orders = fc.shuffledSubarray(words, { minLength: words.length });
    return orders.map((order) => ({ ...given, order }) as PolicyOptions);
  });
const sources = fc.array(
  fc.record({
    kind: fc.constantFrom('sync', 'async', 'promise', 'endless', 'throws'),
    values: fc.nat(3),
    end: fc.constantFrom('complete', 503, 503, 404, 'never'),
    ms: fc.integer({ min: 1, max: 30 }),
  }),
  { minLength: 1, maxLength: 3 },
) as fc.Arbitrary<readonly Source[]>;
const calls = fc.array(
  fc.record({
    gapMs: fc.nat(30),
    sources,
    take: maybe(fc.integer({ min: 1, max: 3 })),
    leavesAfterMs: maybe(fc.nat(40)),
  }),
  { minLength: 1, maxLength: 5 },
);
const scripts: fc.Arbitrary<Script> = fc.record({ policies, calls });

/** Plays scripts and writes down, in order, all that can be seen from outside. */
class ScriptPlayer {
  private readonly world = new PipelineWorld({ retryBudget: { capacity: 5 } });
  private readonly log: unknown[] = [];
  /** Not in the log: whether a source goes just before or just after its end is told is nobody's promise. */
  private readonly gone: (readonly [index: number, atMs: number])[] = [];
  private readonly pipeline: Pipeline;

  constructor(
    private readonly script: Script,
    private readonly compose: Compose,
  ) {
    const { policies: events } = this.world;
    events.events.listen(({ kind, ...event }) => this.write(kind, 'attempts' in event ? event.attempts : ''));
    this.pipeline = this.world.pipeline(script.policies);
  }

  async play(): Promise<unknown> {
    const { clock, engine } = this.world;
    let atMs = 0;
    for (const [index, call] of this.script.calls.entries()) {
      atMs += call.gapMs;
      await clock.advanceTo(atMs + index / 64);
      this.subscribe(index, call);
      await clock.settle();
    }
    await clock.runAll();
    const { breakers, bulkheads, rateLimiters, budgets } = engine;
    const shared = [...breakers.registry.all(), ...bulkheads.registry.all(), ...rateLimiters.registry.all()];
    const snapshots = [...shared, ...budgets.all()].map((each) => each.snapshot());
    return {
      log: this.log,
      // Whether a source that has ended is let go just before or just after the next call's is nobody's promise.
      gone: this.gone.toSorted(([left, leftMs], [right, rightMs]) => leftMs - rightMs || left - right),
      snapshots,
      timers: clock.allTimers,
      reports: this.world.reports,
    };
  }

  private subscribe(index: number, call: Subscriptions): void {
    let execution = 0;
    const stream = this.compose(this.pipeline, ({ signal, attempt }) => {
      execution += 1;
      this.write('run', index, execution, attempt);
      const source = call.sources[Math.min(execution, call.sources.length) - 1];
      // An execution that has failed hears of nothing that matters.
      const isHeard = typeof source?.end !== 'number' && source?.kind !== 'throws';
      if (isHeard) signal.addEventListener('abort', () => this.write('aborted', index));
      return this.source(source, index);
    });
    const subscription = stream.pipe(take(call.take ?? 9)).subscribe({
      next: (value) => this.write('value', index, value),
      error: (error: Error) => this.write('error', index, error.message),
      complete: () => this.write('complete', index),
    });
    const { leavesAfterMs } = call;
    if (leavesAfterMs === undefined) return;
    this.world.clock.schedule(leavesAfterMs + index / 64 + 1 / 512, () => subscription.unsubscribe());
  }

  private source(source: Source | undefined, index: number): unknown {
    if (source === undefined) return of();
    const gone = finalize<unknown>(() => this.gone.push([index, this.world.clock.nowMs()]));
    if (source.kind === 'throws') throw httpError(source.end === 404 ? 404 : 503);
    if (source.kind === 'endless') return range(0, Number.MAX_SAFE_INTEGER).pipe(take(1_000), gone);
    if (source.kind === 'promise') return this.promise(source);
    const values = new Observable((subscriber) => {
      const end = (): void => {
        for (let value = 0; value < source.values; value += 1) subscriber.next(value);
        if (source.end === 'complete') subscriber.complete();
        else if (source.end !== 'never') subscriber.error(httpError(source.end));
      };
      if (source.kind === 'sync') return end();
      const timer = this.world.clock.schedule(source.ms + index / 256, end);
      return () => timer.cancel();
    });
    return values.pipe(gone);
  }

  private promise({ ms, end }: Source): Promise<unknown> {
    return typeof end === 'number' ? this.world.errorAfter(ms, httpError(end)) : this.world.valueAfter(ms);
  }

  private write(...entry: unknown[]): void {
    this.log.push([this.world.clock.nowMs(), ...entry].join(' '));
  }
}

describe('the fused path of streams', () => {
  it('does what the plain composition does, in every order of the policies', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        const fused = await new ScriptPlayer(script, composed).play();

        expect(fused).toEqual(await new ScriptPlayer(script, stepByStep).play());
      }),
      { numRuns: 150 },
    );
  });

  it('stops an endless source that emits while it is subscribed', () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: {}, retry: {} });
    let emitted = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed) subscriber.next((emitted += 1));
    });
    const seen: unknown[] = [];

    composed(pipeline, () => endless)
      .pipe(take(3))
      .subscribe((value) => seen.push(value));

    expect(seen).toEqual([1, 2, 3]);
    expect(emitted).toBe(3);
    expect(world.breaker().snapshot()).toMatchObject({ recordedCalls: 1, failures: 0 });
  });

  it.each([
    ['while it is subscribed', (value: Observable<number>) => value],
    ['later', (value: Observable<number>) => value.pipe(observeOn(asapScheduler))],
  ])('has let go of the source before another gets its place, where it is left %s', async (_when, pace) => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ bulkhead: 1 });
    const inUse: number[] = [];
    const source = pace(of(1, 2)).pipe(finalize(() => inUse.push(world.bulkhead().snapshot().inUse)));

    await firstValueFrom(composed(pipeline, () => source));

    expect(inUse).toEqual([1]);
    expect(world.bulkhead().snapshot().inUse).toBe(0);
  });

  it('stands aside where values are judged or kept, a limit watches, or attempts run side by side', () => {
    const world = new PipelineWorld();
    const isFused = (given: PolicyOptions): boolean => fusedWayOf(world.pipeline(given)) !== undefined;

    const stands = [
      isFused({ retry: { retryOnResult: () => false } }),
      isFused({ fallback: { handler: { lastGood: { maxAge: 100 } } } }),
      isFused({ timeLimiter: '1s' }),
      isFused({ hedge: { delay: 10 } }),
    ];

    expect(stands).toEqual([false, false, false, false]);
    expect(isFused({ retry: {}, circuitBreaker: {}, fallback: { handler: { value: 1 } } })).toBe(true);
  });

  it('says what is wrong with a method that gives no stream', () => {
    const world = new PipelineWorld();
    const errors: unknown[] = [];

    composed(world.pipeline({ circuitBreaker: {} }), () => 1).subscribe({ error: (e) => errors.push(e) });

    expect(errors).toMatchObject([{ name: 'TypeError' }]);
  });
});
