import { OptionCheck } from '../../core/index.js';
import { DURATION_BUCKETS_S } from './metric-definitions.js';

/** What the doors for metrics have in common. */
export interface MetricsOptions {
  /**
   * How many operations, and how many names of breakers and the like, have series of their own; all that come
   * later are counted together under `(others)`. At least 1.
   *
   * @defaultValue 1000
   */
  readonly maxNames?: number;
  /**
   * Upper bounds of the buckets of `resilience.call.duration`, in seconds, ascending.
   *
   * @defaultValue `[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]`
   */
  readonly durationBuckets?: readonly number[];
}

/** The same, filled in. */
export interface ResolvedMetricsOptions {
  readonly maxNames: number;
  readonly durationBuckets: readonly number[];
}

export const METRICS_DEFAULTS = { maxNames: 1_000, durationBuckets: DURATION_BUCKETS_S } as const;

/** @throws {InvalidOptionsError} naming the option that cannot be meant */
export function resolveMetricsOptions(door: string, given: MetricsOptions): ResolvedMetricsOptions {
  const { maxNames = METRICS_DEFAULTS.maxNames, durationBuckets = METRICS_DEFAULTS.durationBuckets } = given;
  const check = new OptionCheck('metrics', door);
  if (!isAscending(durationBuckets)) {
    check.refuse('durationBuckets', durationBuckets, 'must be ascending numbers of seconds above 0');
  }
  return { maxNames: check.wholeNumber('maxNames', maxNames, 1), durationBuckets };
}

function isAscending(bounds: unknown): boolean {
  if (!Array.isArray(bounds) || bounds.length === 0) return false;
  return bounds.every(
    (bound: unknown, index) =>
      Number.isFinite(bound) && Number(bound) > (index === 0 ? 0 : Number(bounds[index - 1])),
  );
}
