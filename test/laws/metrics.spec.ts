import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OPERATION, type PipelineWorld, type Started } from '../support/pipeline-world.js';
import { measure, type RecordedMetrics } from '../support/recorded-metrics.js';
import {
  fused,
  orderedScripts,
  plain,
  play,
  type Report,
  type Script,
  scripts,
  type Way,
} from './pipeline.model.js';

const RUNS = 60;

const stream: Way = (world, pipeline, execution) => world.startStream(pipeline, execution);
const iteration: Way = (world, pipeline, execution) => world.startIteration(pipeline, execution);

/** A run that was measured, and what was seen of it from outside. */
interface Measured {
  readonly metrics: RecordedMetrics;
  readonly report: Report;
  readonly ends: readonly End[];
}

interface End {
  readonly durationMs: number;
  readonly error: unknown;
}

async function playMeasured(script: Script, way: Way): Promise<Measured> {
  const worlds = new Map<PipelineWorld, RecordedMetrics>();
  const calls: { readonly startedMs: number; readonly started: Started }[] = [];
  const report = await play(script, (world, pipeline, execution) => {
    const { engine, events } = world.policies;
    if (!worlds.has(world)) worlds.set(world, measure({ engine, events, environment: engine.environment }));
    const startedMs = world.clock.nowMs();
    const started = way(world, pipeline, execution);
    calls.push({ startedMs, started });
    return started;
  });
  const [metrics] = worlds.values();
  if (metrics === undefined) throw new Error('a script without calls');
  const ends = calls.flatMap(({ startedMs, started: { endedMs, error } }) =>
    endedMs === undefined ? [] : [{ durationMs: endedMs - startedMs, error }],
  );
  return { metrics, report, ends };
}

const kindsOf = ({ report }: Measured, kind: string): readonly Record<string, unknown>[] =>
  (report.events as readonly Record<string, unknown>[]).filter((event) => event['kind'] === kind);
const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, each) => sum + each, 0);
const count = (metrics: RecordedMetrics, outcome: string): number =>
  metrics.of('resilience.calls')[`${OPERATION} ${outcome}`] ?? 0;

const REFUSALS = ['CircuitBreakerOpenError', 'BulkheadFullError', 'RateLimitExceededError'];

function hasPolicies({ policies }: Script): boolean {
  return Object.entries(policies).some(([field, value]) => field !== 'order' && value !== undefined);
}

function checkCalls({ metrics, ends }: Measured): void {
  const refused = ends.filter(({ error }) => error instanceof Error && REFUSALS.includes(error.name));
  const failed = ends.filter(({ error }) => error !== undefined);
  expect(total(metrics.of('resilience.calls'))).toBe(ends.length);
  expect(count(metrics, 'rejected')).toBe(refused.length);
  expect(count(metrics, 'failure')).toBe(failed.length - refused.length);
  const durations = metrics.valuesOf('resilience.call.duration', OPERATION);
  const seen = ends.map(({ durationMs }) => durationMs / 1_000);
  expect(durations.toSorted(ascending)).toEqual(seen.toSorted(ascending));
}

function checkEvents(measured: Measured): void {
  const { metrics } = measured;
  expect(total(metrics.of('resilience.retries'))).toBe(kindsOf(measured, 'retry.scheduled').length);
  const reasons: Record<string, number> = {};
  for (const { reason } of kindsOf(measured, 'retry.gave-up')) {
    const key = `${OPERATION} ${String(reason)}`;
    reasons[key] = (reasons[key] ?? 0) + 1;
  }
  expect(metrics.of('resilience.give_ups')).toEqual(reasons);
  const rejected = metrics.of('resilience.circuit_breaker.calls')[`${OPERATION} rejected`] ?? 0;
  expect(rejected).toBe(kindsOf(measured, 'circuit-breaker.rejected').length);
}

const ascending = (one: number, other: number): number => one - other;

describe('metrics and events', () => {
  it.each<[string, Way]>([
    ['on the fused path', fused],
    ['step by step', plain],
    ['as streams', stream],
    ['as iterations', iteration],
  ])('P9: agree exactly with each other and with what callers got, %s', async (_name, way) => {
    await fc.assert(
      fc.asyncProperty(scripts.filter(hasPolicies), async (script) => {
        const measured = await playMeasured(script, way);

        checkCalls(measured);
        checkEvents(measured);
        expect(count(measured.metrics, 'fallback')).toBe(kindsOf(measured, 'fallback.served').length);
      }),
      { numRuns: RUNS },
    );
  });

  it('P9: agree in any order of policies', async () => {
    await fc.assert(
      fc.asyncProperty(orderedScripts.filter(hasPolicies), async (script) => {
        const measured = await playMeasured(script, fused);

        checkCalls(measured);
        checkEvents(measured);
      }),
      { numRuns: RUNS },
    );
  });

  it('nothing is told of a function that no policy stands around', async () => {
    const plainValue = { gapMs: 0, outcomes: [{ kind: 'value', ms: 1 }] } as const;

    const { metrics, ends } = await playMeasured({ policies: {}, calls: [plainValue] }, fused);

    expect(ends).toHaveLength(1);
    expect(metrics.of('resilience.calls')).toEqual({});
  });
});
