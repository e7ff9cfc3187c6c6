import type { Policy } from './client.js';
import { BACKOFFS, type Contention } from './contention.js';
import { type Job, OVERLOAD_POLICIES, type Result } from './jobs.js';
import type { Herd } from './layers-and-herd.js';
import { meanOf, type Overload, OVERLOAD } from './overload.js';
import type { PartialFailure } from './partial-failure.js';
import { CONCENTRATED_POLICIES, SCATTERED_POLICIES } from './policies.js';

/** A row of a table: means over the seeds. */
interface Row {
  readonly policy: string;
  readonly title: string;
  readonly origin: Policy['origin'];
}

export interface ContentionRow extends Row, Contention {
  readonly clients: number;
}

export interface OverloadRow extends Row {
  readonly clients: number;
  readonly callsPerSecond: number;
  /** Calls per second that succeed, 0 to 10 s after the trigger, 10 to 30 s after it, and in the last 30 s. */
  readonly goodput: readonly [number, number, number];
  /** Seconds; null where it never recovered with one of the seeds. */
  readonly recoveryS: number | null;
  readonly load: number;
  /** Goodput of each second. */
  readonly series: readonly number[];
}

export interface FailureRow extends Row, PartialFailure {
  readonly probability: number;
}

/** Everything that was measured. */
export interface Tables {
  readonly contention: readonly ContentionRow[];
  readonly overload: readonly OverloadRow[];
  readonly scattered: readonly FailureRow[];
  readonly concentrated: readonly FailureRow[];
  readonly layers: readonly { readonly callsPerSecond: number; readonly load: number }[];
  readonly herd: readonly ({ readonly clients: number } & Herd)[];
}

export interface Run {
  readonly job: Job;
  readonly result: Result;
}

/** Brings the runs of all seeds together. */
export function tablesOf(runs: readonly Run[]): Tables {
  return {
    contention: grouped(runs, 'contention').map(contentionRow),
    overload: grouped(runs, 'overload').map(overloadRow),
    scattered: grouped(runs, 'scattered').map((group) => failureRow(group, SCATTERED_POLICIES)),
    concentrated: grouped(runs, 'concentrated').map((group) => failureRow(group, CONCENTRATED_POLICIES)),
    layers: grouped(runs, 'layers').map(({ job, results }) => ({
      callsPerSecond: job.callsPerSecond,
      load: mean(results.map((each) => (each as { load: number }).load)),
    })),
    herd: grouped(runs, 'herd').map(({ job, results }) => ({
      clients: job.clients,
      first: Math.max(...results.map((each) => (each as Herd).first)),
      second: Math.max(...results.map((each) => (each as Herd).second)),
    })),
  };
}

interface Group<K extends Job['kind']> {
  readonly job: Extract<Job, { kind: K }>;
  readonly results: readonly Result[];
}

/** The runs that differ in nothing but the seed. */
function grouped<K extends Job['kind']>(runs: readonly Run[], kind: K): Group<K>[] {
  const groups = new Map<string, { job: Extract<Job, { kind: K }>; results: Result[] }>();
  for (const { job, result } of runs) {
    if (job.kind !== kind) continue;
    const key = JSON.stringify({ ...job, seed: 0 });
    // The kind was compared, which the compiler does not follow through the type parameter.
    const group = groups.get(key) ?? { job: job as Extract<Job, { kind: K }>, results: [] };
    group.results.push(result);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function named(policies: readonly Policy[], id: string): Row {
  const found = policies.find((each) => each.id === id);
  return { policy: id, title: found?.title ?? id, origin: found?.origin ?? 'model' };
}

function contentionRow({ job, results }: Group<'contention'>): ContentionRow {
  const all = results as readonly Contention[];
  return {
    ...named(BACKOFFS, job.policy),
    clients: job.clients,
    completionMs: mean(all.map((each) => each.completionMs)),
    writes: mean(all.map((each) => each.writes)),
  };
}

function overloadRow({ job, results }: Group<'overload'>): OverloadRow {
  const all = results as readonly Overload[];
  const series = Array.from({ length: all[0]?.goodput.length ?? 0 }, (_, second) =>
    mean(all.map((each) => each.goodput[second] ?? 0)),
  );
  const triggerEnd = OVERLOAD.trigger.untilMs / 1_000;
  const recoveries = all.map((each) => each.recoveryS).filter((each) => each !== undefined);
  return {
    ...named(OVERLOAD_POLICIES, job.policy),
    clients: job.clients,
    callsPerSecond: job.callsPerSecond,
    goodput: [
      meanOf(series, triggerEnd, 10),
      meanOf(series, triggerEnd + 10, 20),
      meanOf(series, series.length - 30, 30),
    ],
    recoveryS: recoveries.length === all.length ? mean(recoveries) : null,
    load: mean(all.map((each) => each.load)),
    series,
  };
}

function failureRow(
  { job, results }: Group<'scattered'> | Group<'concentrated'>,
  policies: readonly Policy[],
): FailureRow {
  const all = results as readonly PartialFailure[];
  return {
    ...named(policies, job.policy),
    probability: job.probability,
    success: mean(all.map((each) => each.success)),
    load: mean(all.map((each) => each.load)),
  };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
