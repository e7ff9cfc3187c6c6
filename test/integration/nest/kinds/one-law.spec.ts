import { describe, expect, it } from '@jest/globals';
import {
  Bulkhead,
  CallContext,
  CircuitBreaker,
  Fallback,
  Hedge,
  type PolicyOptions,
  RateLimiter,
  ResilienceService,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { withPipeline } from 'nestjs-selfheal/rxjs';
import { EventRecorder, ManualClock } from 'nestjs-selfheal/testing';
import fc from 'fast-check';
import { defer, firstValueFrom, from, type Observable } from 'rxjs';
import { Applications, outcomeOf, type World } from '../../../support/nest-applications.js';
import { httpError } from '../../../support/retry-world.js';

/** What one execution of the method does. */
interface Doing {
  readonly afterMs: number;
  /** The status it fails with, or 200. */
  readonly status: number;
}

/** Policies, and calls that begin one after the other; each execution of a call does what comes next in its list. */
interface Script {
  readonly policies: PolicyOptions;
  readonly calls: readonly { readonly gapMs: number; readonly doings: readonly Doing[] }[];
}

const OPERATION = 'Dependency.ask';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const upTo = (most: number) => fc.integer({ min: 1, max: most });

const retry = fc.record({
  maxAttempts: upTo(4),
  backoff: fc.record({ type: fc.constant('fixed' as const), initialDelay: fc.constantFrom(0, 10, 40) }),
  budget: fc.constantFrom<'default' | false>('default', false),
});
const circuitBreaker = fc.record({
  failureThreshold: upTo(3),
  waitDurationInOpenState: fc.constantFrom(20, 100),
});
const policies: fc.Arbitrary<PolicyOptions> = fc.record({
  retry: optional(retry),
  circuitBreaker: optional(circuitBreaker),
  timeLimiter: optional(fc.record({ attemptTimeout: fc.constantFrom(15, 35) })),
  bulkhead: optional(fc.record({ maxConcurrentCalls: upTo(2), maxQueueSize: fc.nat(2) })),
  rateLimiter: optional(fc.record({ limit: upTo(4), window: fc.constantFrom(30, 100) })),
  hedge: optional(fc.record({ delay: fc.constantFrom(5, 20) })),
  fallback: optional(fc.constant({ handler: { value: 'reserve' } })),
});
const doing = fc.record({ afterMs: fc.constantFrom(0, 7, 30), status: fc.constantFrom(200, 200, 503, 404) });
const call = fc.record({
  gapMs: fc.constantFrom(0, 3, 50),
  doings: fc.array(doing, { minLength: 1, maxLength: 4 }),
});
const scripts: fc.Arbitrary<Script> = fc
  .record({ policies, calls: fc.array(call, { minLength: 1, maxLength: 5 }) })
  .filter((script) => Object.values(script.policies).some((each) => each !== undefined));

type Work = (context: CallContext) => Promise<number>;

/** One way to run work under policies in an application. */
type Way = (world: World, policies: PolicyOptions) => (work: Work) => Promise<unknown>;

/** The decorators of these policies, whose class is another one for each script. */
function decorated(given: PolicyOptions, method: 'promise' | 'stream') {
  class Dependency {
    async promise(work: Work, context?: CallContext): Promise<number> {
      return work(context as CallContext);
    }

    stream(work: Work, context?: CallContext): Observable<number> {
      return defer(() => from(work(context as CallContext)));
    }
  }
  const { prototype } = Dependency;
  Object.defineProperty(prototype, 'ask', { value: prototype[method], writable: true, configurable: true });
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'ask') as PropertyDescriptor;
  CallContext()(prototype, 'ask', 1);
  for (const decorate of decoratorsOf(given)) decorate(prototype, 'ask', descriptor);
  Object.defineProperty(prototype, 'ask', descriptor);
  return Dependency;
}

function decoratorsOf({ retry: retries, circuitBreaker: breaker, ...others }: PolicyOptions) {
  const { timeLimiter, bulkhead, rateLimiter, hedge, fallback } = others;
  const decorators = [
    retries && Retryable(retries as never),
    breaker && CircuitBreaker(breaker as never),
    timeLimiter && TimeLimiter(timeLimiter as never),
    bulkhead && Bulkhead(bulkhead as never),
    rateLimiter && RateLimiter(rateLimiter as never),
    hedge && Hedge(hedge as never),
    fallback && Fallback(fallback.handler as never),
  ];
  // Each of them takes the descriptor of any method that gives a promise or a stream.
  return decorators.filter((each) => each !== undefined) as unknown as MethodDecorator[];
}

const applications = new Applications();

/** Plays a script in an application of its own: outcomes, executions and events, each with its moment. */
async function play(script: Script, kind: 'decorator' | 'other', way: Way, method: 'promise' | 'stream') {
  const Dependency = decorated(script.policies, method);
  const providers = kind === 'decorator' ? [{ provide: 'dependency', useClass: Dependency }] : [];
  const world = await applications.start({ providers });
  const clock = world.app.get(ManualClock);
  const run = way(world, script.policies);
  const executions: (readonly [call: number, atMs: number])[] = [];
  const outcomes = script.calls.map(async ({ gapMs, doings }, index) => {
    const startMs = script.calls.slice(0, index).reduce((sum, each) => sum + each.gapMs, gapMs);
    await new Promise<void>((resolve) => void clock.schedule(startMs, resolve));
    let execution = 0;
    const work: Work = () => {
      const { afterMs, status } = doings[Math.min(execution, doings.length - 1)] as Doing;
      execution += 1;
      executions.push([index, clock.nowMs()]);
      return new Promise((resolve, reject) => {
        const settle = (): void => (status === 200 ? resolve(index) : reject(httpError(status)));
        if (afterMs === 0) settle();
        else clock.schedule(afterMs, settle);
      });
    };
    const { value, error } = await outcomeOf(() => run(work));
    return { value, error: error === undefined ? undefined : String(error), atMs: clock.nowMs() };
  });
  await clock.settle();
  await clock.advance(5_000);
  const ended = await Promise.all(outcomes);
  const events = world.app
    .get(EventRecorder)
    .all.map(({ kind: each, timestampMs }) => `${timestampMs} ${each}`);
  await world.app.close();
  // Which of two calls comes first within one moment is nobody's promise.
  return {
    ended,
    executions: executions.map(([index, atMs]) => `${atMs} ${index}`).toSorted(),
    events: events.toSorted(),
  };
}

const asDecorated: Way = (world) => {
  const dependency = world.app.get<{ ask(work: Work): Promise<unknown> }>('dependency');
  return (work) => dependency.ask(work);
};
const asDecoratedStream: Way = (world) => {
  const dependency = world.app.get<{ ask(work: Work): Observable<unknown> }>('dependency');
  return (work) => firstValueFrom(dependency.ask(work));
};
const byExecute: Way = (world, given) => {
  const service = world.app.get(ResilienceService);
  const options = { operation: OPERATION, ...given };
  return (work) => service.execute(options, work);
};
const byWrap: Way = (world, given) => {
  const service = world.app.get(ResilienceService);
  const wrapped = service.wrap((work: Work) => work({} as CallContext), { operation: OPERATION, ...given });
  return (work) => wrapped(work);
};
const byOperator: Way = (world, given) => {
  const pipeline = world.app.get(ResilienceService).pipeline({ operation: OPERATION, ...given });
  return (work) => {
    const source$ = defer(() => from(work({} as CallContext)));
    return firstValueFrom(source$.pipe(withPipeline(pipeline)));
  };
};

describe('one law for all ways', () => {
  it.each([
    ['execute', byExecute],
    ['wrap', byWrap],
  ])('%s does what the decorators do: results, calls, events and times', async (_, way) => {
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        const expected = await play(script, 'decorator', asDecorated, 'promise');

        expect(await play(script, 'other', way, 'promise')).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it.each([undefined, (): string => 'a'])(
    'N15: the first call of a method whose kind nobody knows uses no permit of a rate for being shown a stream',
    async (key) => {
      const rateLimiter = { limit: 1, window: '1m', ...(key && { key }) } as const;
      const useClass = decorated({ rateLimiter }, 'stream');
      const world = await applications.start({ providers: [{ provide: 'dependency', useClass }] });
      const ask = asDecoratedStream(world, {});

      const first = await outcomeOf(() => ask(async () => 1));
      const second = await outcomeOf(() => ask(async () => 2));

      expect(first).toEqual({ value: 1 });
      expect(second.error).toMatchObject({ code: 'RESILIENCE_RATE_LIMIT_EXCEEDED' });
    },
  );

  it('the operator does what the decorators do around an Observable: results, calls, events and times', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        const expected = await play(script, 'decorator', asDecoratedStream, 'stream');

        expect(await play(script, 'other', byOperator, 'stream')).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});
