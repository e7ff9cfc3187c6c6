import type { Phase } from '../upstreams/fault-plan.js';
import type { Answer } from './answer.js';

/** One run in figures, as `npm run demo -- --json` prints them. */
export interface RunFigures {
  readonly requests: number;
  /** Share of the requests that were answered with success, degraded ones included. */
  readonly successRate: number;
  readonly degradedRate: number;
  readonly upstreamCallsPerRequest: number;
  /** Of all requests, failed ones included. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxWaitMs: number;
  /** From the end of the outage to full health; null when it was not reached. */
  readonly recoveredAfterMs: number | null;
  readonly upstreamCallsDuringOutage: number;
}

export interface RunCounts {
  readonly answers: readonly Answer[];
  readonly upstreamCalls: number;
  readonly upstreamCallsDuringOutage: number;
}

/** Full health: for a second on end every request is answered in full, within a second. */
const HEALTHY_FOR_MS = 1_000;
const HEALTHY_WAIT_MS = 1_000;

export function figuresOf({ answers, ...counts }: RunCounts, outage: Phase): RunFigures {
  const waits = answers.map(({ waitMs }) => waitMs).sort((one, other) => one - other);
  return {
    requests: answers.length,
    successRate: rounded(
      shareOf(answers, ({ outcome }) => outcome !== 'failed'),
      4,
    ),
    degradedRate: rounded(
      shareOf(answers, ({ outcome }) => outcome === 'degraded'),
      4,
    ),
    upstreamCallsPerRequest: rounded(counts.upstreamCalls / Math.max(1, answers.length), 2),
    p50Ms: percentile(waits, 0.5),
    p99Ms: percentile(waits, 0.99),
    maxWaitMs: percentile(waits, 1),
    recoveredAfterMs: recoveredAfterMs(answers, outage.endsMs),
    upstreamCallsDuringOutage: counts.upstreamCallsDuringOutage,
  };
}

/** Of ascending values, by nearest rank. */
export function percentile(ascending: readonly number[], share: number): number {
  return Math.round(ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? 0);
}

/** From `sinceMs` to the first request that begins a healthy second; null when there is none. */
export function recoveredAfterMs(answers: readonly Answer[], sinceMs: number): number | null {
  const later = answers.filter(({ atMs }) => atMs >= sinceMs).sort((one, other) => one.atMs - other.atMs);
  let healthySinceMs: number | undefined;
  for (const answer of later) {
    if (!isHealthy(answer)) healthySinceMs = undefined;
    else healthySinceMs ??= answer.atMs;
    if (healthySinceMs !== undefined && answer.atMs - healthySinceMs >= HEALTHY_FOR_MS) {
      return Math.round(healthySinceMs - sinceMs);
    }
  }
  return null;
}

function isHealthy({ outcome, waitMs }: Answer): boolean {
  return outcome === 'full' && waitMs <= HEALTHY_WAIT_MS;
}

export function shareOf<T>(values: readonly T[], isCounted: (value: T) => boolean): number {
  return values.length === 0 ? 0 : values.filter(isCounted).length / values.length;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
