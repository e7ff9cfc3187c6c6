import fc from 'fast-check';
import {
  CANONICAL_ORDER,
  FUNCTIONS,
  Pipeline,
  type PolicyOptions,
  type StepWord,
} from '../../lib/pipeline/index.js';
import { type Execution, hang, OPERATION, PipelineWorld, type Started } from '../support/pipeline-world.js';
import { httpError } from '../support/retry-world.js';

/** What one execution does: how, and after how many whole milliseconds. */
export interface Outcome {
  readonly kind: 'value' | 'bad' | 'fails' | '404' | 'hangs' | 'throws';
  readonly ms: number;
}

/** A call: so long after the one before, with these outcomes in turn, the last one repeated. */
export interface ScriptedCall {
  readonly gapMs: number;
  readonly outcomes: readonly Outcome[];
}

/** Policies and calls; every run of it is the same but for the way in which the policies are carried out. */
export interface Script {
  readonly policies: PolicyOptions;
  readonly calls: readonly ScriptedCall[];
}

// Moments of different calls and kinds differ in their binary fractions, so nothing happens in one moment by
// accident: what comes first within a moment is nobody's promise.
const OF_ATTEMPT_LIMIT = 1 / 4;
const OF_TOTAL_LIMIT = 1 / 8;
const OF_CALL = 1 / 64;
const OF_EXECUTION = 1 / 16_384;

const duration = fc.integer({ min: 1, max: 60 });
const isBad = (value: unknown): boolean => value === 'bad';
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const retry = fc
  .record({ maxAttempts: fc.integer({ min: 1, max: 4 }), delay: fc.nat(20), judges: fc.boolean() })
  .map(({ maxAttempts, delay, judges }) => ({
    maxAttempts,
    backoff: { type: 'fixed', initialDelay: delay, jitter: 'none' } as const,
    ...(judges && { retryOnResult: isBad }),
  }));
const circuitBreaker = fc
  .record({ failureThreshold: fc.integer({ min: 1, max: 3 }), wait: duration, judges: fc.boolean() })
  .map(({ failureThreshold, wait, judges }) => ({
    failureThreshold,
    waitDurationInOpenState: wait,
    ...(judges && { recordResult: isBad }),
  }));
const limits = fc
  .record({ attempt: maybe(duration), total: maybe(fc.integer({ min: 61, max: 150 })) })
  .filter(({ attempt, total }) => attempt !== undefined || total !== undefined)
  .map(({ attempt, total }) => ({
    ...(attempt !== undefined && { attemptTimeout: attempt + OF_ATTEMPT_LIMIT }),
    ...(total !== undefined && { totalTimeout: total + OF_TOTAL_LIMIT }),
  }));
const fallback = fc.constantFrom(
  { handler: { value: 'spare' } },
  { handler: { lastGood: { maxAge: 100 } } as const },
);

export const policySets: fc.Arbitrary<PolicyOptions> = fc.record({
  retry: maybe(retry),
  circuitBreaker: maybe(circuitBreaker),
  timeLimiter: maybe(limits),
  bulkhead: maybe(fc.record({ maxConcurrentCalls: fc.integer({ min: 1, max: 2 }), maxQueueSize: fc.nat(2) })),
  rateLimiter: maybe(
    fc.record({
      limit: fc.integer({ min: 1, max: 3 }),
      window: duration,
      maxWaitDuration: fc.constantFrom(0, 30),
    }),
  ),
  fallback: maybe(fallback),
});

const scriptedCalls: fc.Arbitrary<readonly ScriptedCall[]> = fc.array(
  fc.record({
    gapMs: fc.nat(40),
    outcomes: fc.array(
      fc.record({
        kind: fc.constantFrom('value', 'value', 'bad', 'fails', 'fails', '404', 'hangs', 'throws'),
        ms: duration,
      }),
      { minLength: 1, maxLength: 4, size: 'max' },
    ),
  }),
  { minLength: 1, maxLength: 7, size: 'max' },
);

/** The words of the steps that policies become. */
function wordsOf(policies: PolicyOptions): readonly StepWord[] {
  const timeLimiter = policies.timeLimiter as
    { attemptTimeout?: unknown; totalTimeout?: unknown } | undefined;
  return CANONICAL_ORDER.filter((word) => {
    if (word === 'attemptTimeout' || word === 'totalTimeout') return timeLimiter?.[word] !== undefined;
    return policies[word as keyof PolicyOptions] !== undefined;
  });
}

/** Scripts in the canonical order. */
export const scripts: fc.Arbitrary<Script> = fc.record({ policies: policySets, calls: scriptedCalls });

/** Scripts in any order that may be stated. */
export const orderedScripts: fc.Arbitrary<Script> = scripts.chain(({ policies, calls }) => {
  const words = wordsOf(policies);
  const orders = fc.shuffledSubarray([...words], { minLength: words.length });
  return orders.map((order) => ({ policies: { ...policies, order }, calls }));
});

/** How a call is carried out. */
export type Way = (world: PipelineWorld, pipeline: Pipeline, execution: Execution) => Started;

/** Everything that can be told of a run, in a form that can be compared with another's. */
export interface Report {
  readonly calls: readonly unknown[];
  readonly events: readonly unknown[];
  readonly snapshots: readonly unknown[];
  readonly timersLeft: number;
}

/** Plays a script in one way. */
export async function play(script: Script, way: Way): Promise<Report> {
  const world = new PipelineWorld({ retryBudget: { capacity: 6 } });
  const errors = new Map<unknown, string>();
  const pipeline = world.pipeline(script.policies);
  const calls: Started[] = [];
  let atMs = 0;
  for (const [index, call] of script.calls.entries()) {
    atMs += call.gapMs;
    await world.clock.advanceTo(atMs + index * OF_CALL);
    calls.push(way(world, pipeline, executionOf(world, call, index, errors)));
    await world.clock.settle();
  }
  await world.clock.runAll();
  const named = (error: unknown): unknown =>
    errors.get(error) ?? (error instanceof Error ? `${error.name}: ${error.message}` : error);
  return {
    calls: calls.map(({ runsAt, value, error, endedMs }) => ({
      runsAt,
      value,
      error: named(error),
      endedMs,
    })),
    events: world.events.all.map((event) =>
      'error' in event ? { ...event, error: named(event.error) } : event,
    ),
    snapshots: snapshotsOf(world),
    timersLeft: world.clock.allTimers,
  };
}

function snapshotsOf({ engine }: PipelineWorld): readonly unknown[] {
  const { breakers, bulkheads, rateLimiters, budgets } = engine;
  const shared = [...breakers.registry.all(), ...bulkheads.registry.all(), ...rateLimiters.registry.all()];
  return [...shared, ...budgets.all()].map((each) => each.snapshot());
}

function executionOf(
  world: PipelineWorld,
  { outcomes }: ScriptedCall,
  index: number,
  errors: Map<unknown, string>,
): Execution {
  return (execution) => {
    const { kind, ms } = outcomes[Math.min(execution, outcomes.length) - 1] ?? { kind: 'value', ms: 1 };
    const afterMs = ms + (index * 16 + execution) * OF_EXECUTION;
    const error = httpError(kind === '404' ? 404 : 503);
    errors.set(error, `${kind} ${index}.${execution}`);
    if (kind === 'throws' && index % 2 === 0) throw error;
    if (kind === 'hangs') return hang();
    if (kind === 'bad') return world.valueAfter(afterMs, 'bad');
    if (kind === 'value') return world.valueAfter(afterMs, `value ${index}.${execution}`);
    return world.errorAfter(afterMs, error);
  };
}

/** The fused path. */
export const fused: Way = (world, pipeline, execution) => world.start(pipeline, execution);

/** Step by step from the beginning. */
export const plain: Way = (world, pipeline, execution) => world.start(pipeline, execution, {});

/** A pipeline for each policy, one inside the other. */
export const nested: Way = (world, { steps, environment }, execution) => {
  const pipelines = steps.map(
    (step) => new Pipeline({ operation: OPERATION, steps: [step], environment, target: FUNCTIONS }),
  );
  const [outermost, ...inner] = pipelines;
  if (outermost === undefined) return world.start(world.pipeline({}), execution);
  const started: Started = { runsAt: [], signals: [] };
  const innermost: Execution = (_execution, call) => {
    started.runsAt.push(world.clock.nowMs());
    return execution(started.runsAt.length, call);
  };
  const through = inner.reduceRight<Execution>(
    (next, pipeline) => () => pipeline.call((call: Parameters<Execution>[1]) => next(1, call), []),
    innermost,
  );
  const outer = world.start(outermost, through);
  return {
    ...started,
    get value() {
      return outer.value;
    },
    get error() {
      return outer.error;
    },
    get endedMs() {
      return outer.endedMs;
    },
  };
};

/** The same report without the order of what happened in one and the same moment. */
export function byMoment(report: Report): Report {
  const events = report.events.map((event) => JSON.stringify(event)).sort();
  return { ...report, events };
}
