import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PolicyOptions } from '../../lib/pipeline/index.js';
import { fails, PipelineWorld } from '../support/pipeline-world.js';
import { caseOptions, httpError } from '../support/retry-world.js';
import {
  byMoment,
  fused,
  nested,
  orderedScripts,
  plain,
  play,
  type Script,
  scripts,
  type Way,
} from './pipeline.model.js';

const stream: Way = (world, pipeline, execution) => world.startStream(pipeline, execution);
const iteration: Way = (world, pipeline, execution) => world.startIteration(pipeline, execution);

/** What is known to differ is left out: who ends a call from outside is the caller to what stands inside. */
function withoutTotalLimit({ policies, calls }: Script): Script {
  const { timeLimiter, ...rest } = policies;
  const attemptTimeout = (timeLimiter as { attemptTimeout?: number } | undefined)?.attemptTimeout;
  return {
    policies: attemptTimeout === undefined ? rest : { ...rest, timeLimiter: { attemptTimeout } },
    calls,
  };
}

/** A stream that is left has ended, a promise goes on: they hold their places differently after a timeout. */
function withoutPlaces({ policies, calls }: Script): Script {
  const { bulkhead, ...rest } = policies;
  return { policies: policies.timeLimiter === undefined ? { ...rest, bulkhead } : rest, calls };
}

describe('laws of the pipeline', () => {
  it('the fused path does what the plain composition does, event by event', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        expect(await play(script, fused)).toEqual(await play(script, plain));
      }),
      { numRuns: 60 },
    );
  });

  it('the fused path does what the plain composition does, in every order of the policies', async () => {
    await fc.assert(
      fc.asyncProperty(orderedScripts, async (script) => {
        expect(byMoment(await play(script, fused))).toEqual(byMoment(await play(script, plain)));
      }),
      { numRuns: 60 },
    );
  });

  it('one pipeline does what a pipeline for each policy does, one inside the other', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (given) => {
        const script = withoutTotalLimit(given);

        expect(byMoment(await play(script, fused))).toEqual(byMoment(await play(script, nested)));
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['Observable', stream],
    ['async-iterable', iteration],
  ])('the %s shell does with single values what the promise shell does', async (_name, way) => {
    await fc.assert(
      fc.asyncProperty(scripts, async (given) => {
        const script = withoutPlaces(given);

        expect(byMoment(await play(script, way))).toEqual(byMoment(await play(script, plain)));
      }),
      { numRuns: 40 },
    );
  });

  it('leaves no timer, and no place taken but by what hangs', async () => {
    await fc.assert(
      fc.asyncProperty(orderedScripts, async (script) => {
        const { timersLeft } = await play(script, fused);

        expect(timersLeft).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('executes min(failures, maxAttempts - 1) + 1 times', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(6), fc.integer({ min: 1, max: 6 }), async (failures, maxAttempts) => {
        const world = new PipelineWorld();
        const pipeline = world.pipeline({ retry: caseOptions({ maxAttempts }) });

        const { runsAt } = await world.call(pipeline, (execution) =>
          execution <= failures ? fails() : 'ok',
        );

        expect(runsAt).toHaveLength(Math.min(failures, maxAttempts - 1) + 1);
      }),
      { numRuns: 40 },
    );
  });

  it('waits within the bounds of its jitter and never longer than maxDelay', async () => {
    const jitters = fc.constantFrom(
      'none' as const,
      'full' as const,
      'equal' as const,
      'additive' as const,
      0.25,
    );
    await fc.assert(
      fc.asyncProperty(jitters, fc.double({ min: 0, max: 0.999, noNaN: true }), async (jitter, random) => {
        const world = new PipelineWorld({}, { random });
        const backoff = { initialDelay: 100, maxDelay: 500, jitter } as const;
        const pipeline = world.pipeline({ retry: { budget: false, maxAttempts: 6, backoff } });

        const { runsAt } = await world.call(pipeline, fails);

        const delays = runsAt.slice(1).map((at, index) => at - (runsAt[index] ?? 0));
        expect(delays.every((delay) => delay >= 0 && delay <= 500)).toBe(true);
        expect(world.events.of('retry.scheduled').map(({ delayMs }) => delayMs.toFixed(6))).toEqual(
          delays.map((delay) => delay.toFixed(6)),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('runs nothing while the breaker is open', async () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(1500)), { maxLength: 30, size: 'max' });
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const world = new PipelineWorld();
        const pipeline = world.pipeline({ circuitBreaker: { failureThreshold: 2 } });

        for (const [isGood, gapMs] of plan) {
          await world.clock.advance(gapMs);
          const { state, retryAfterMs = 0 } = world.breaker().snapshot();
          const { runsAt } = await world.callNow(pipeline, () => (isGood ? 'ok' : fails()));

          expect(runsAt).toHaveLength(state === 'open' && retryAfterMs > 0 ? 0 : 1);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('never lets a budget fall below zero', async () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('ok', 'fails', 'aborts'), fc.nat(50)), {
      maxLength: 30,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const world = new PipelineWorld({ retryBudget: { capacity: 3, minRetriesPerSecond: 1 } });
        const pipeline = world.pipeline({ retry: { backoff: { initialDelay: 40 } } });

        for (const [what, gapMs] of plan) {
          const controller = new AbortController();
          world.start(pipeline, () => (what === 'ok' ? 'ok' : fails()), { signal: controller.signal });
          await world.clock.advance(gapMs);
          if (what === 'aborts') controller.abort();

          expect(world.balance).toBeGreaterThanOrEqual(0);
          expect(world.balance).toBeLessThanOrEqual(3);
        }
        await world.clock.runAll();
      }),
      { numRuns: 15 },
    );
  });
});

type Ending = 'succeeds' | 'fails' | 'throws' | 'times out' | 'aborts' | 'unsubscribes' | 'returns';

describe('law of the permits', () => {
  const POLICIES: PolicyOptions = {
    circuitBreaker: { failureThreshold: 1000, permittedNumberOfCallsInHalfOpenState: 1 },
    bulkhead: { maxConcurrentCalls: 3, maxQueueSize: 2 },
    timeLimiter: 50,
  };
  const endings = fc.array(
    fc.constantFrom<Ending>('succeeds', 'fails', 'throws', 'times out', 'aborts', 'unsubscribes', 'returns'),
    { minLength: 1, maxLength: 20, size: 'max' },
  );

  function begin(world: PipelineWorld, ending: Ending): (() => void) | undefined {
    const pipeline = world.pipelineOf(POLICIES);
    const slow = (): Promise<unknown> => world.valueAfter(80);
    const controller = new AbortController();
    switch (ending) {
      case 'unsubscribes': {
        const stream = world.startStream(pipeline, slow);
        return () => stream.unsubscribe();
      }
      case 'returns':
        world.startIteration(pipeline, slow);
        return undefined;
      case 'aborts':
        world.start(pipeline, slow, { signal: controller.signal });
        return () => controller.abort();
      case 'throws':
        world.start(pipeline, fails);
        return undefined;
      default:
        world.start(pipeline, () => {
          if (ending === 'times out') return slow();
          return ending === 'succeeds' ? world.valueAfter(10) : world.errorAfter(10, httpError());
        });
        return undefined;
    }
  }

  it('what was taken is given back exactly once, however a call ends', async () => {
    await fc.assert(
      fc.asyncProperty(endings, fc.array(fc.nat(60), { maxLength: 20, size: 'max' }), async (list, gaps) => {
        const world = new PipelineWorld();
        const leave: (() => void)[] = [];

        for (const [index, ending] of list.entries()) {
          const end = begin(world, ending);
          if (end !== undefined) leave.push(end);
          await world.clock.advance(gaps[index] ?? 1);
          if (index % 2 === 1) leave.shift()?.();

          const { inUse, queued } = world.bulkhead().snapshot();
          expect(inUse).toBeGreaterThanOrEqual(0);
          expect(inUse).toBeLessThanOrEqual(3);
          expect(queued).toBeLessThanOrEqual(2);
        }
        for (const each of leave) each();
        await world.clock.runAll();

        expect(world.bulkhead().snapshot()).toMatchObject({ inUse: 0, queued: 0 });
        expect(world.clock.allTimers).toBe(0);
      }),
      { numRuns: 25 },
    );
  });
});
