/** Upper bound of the first bucket; each further one is a fifth larger. */
const SMALLEST_MS = 0.05;
const GROWTH = 1.2;
/** The last bucket begins at about 90 s and has no end. */
const BUCKETS = 80;
const WINDOW_SECONDS = 10;
const WINDOWS = 6;

const LOG_GROWTH = Math.log(GROWTH);

/** Durations of the last minute, in milliseconds. */
export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/**
 * How long calls of the last minute took: a count per bucket and per ten seconds, so that a percentile is right to a
 * tenth and a call costs one addition.
 */
export class LatencyHistogram {
  private readonly windows = new Float64Array(WINDOWS).fill(-1);
  private readonly counts = new Uint32Array(WINDOWS * BUCKETS);

  /** Counts a call that ended in this second. */
  add(second: number, durationMs: number): void {
    const index = this.slotOf(Math.floor(second / WINDOW_SECONDS)) * BUCKETS + bucketOf(durationMs);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
  }

  /** Percentiles of the calls of the last minute; `undefined` where there were none. */
  read(second: number): Latency | undefined {
    const merged = this.merged(Math.floor(second / WINDOW_SECONDS));
    const total = merged.reduce((sum, count) => sum + count, 0);
    if (total === 0) return undefined;
    return {
      p50Ms: percentile(merged, total * 0.5),
      p95Ms: percentile(merged, total * 0.95),
      p99Ms: percentile(merged, total * 0.99),
    };
  }

  private slotOf(window: number): number {
    const slot = window % WINDOWS;
    if (this.windows[slot] === window) return slot;
    this.windows[slot] = window;
    this.counts.fill(0, slot * BUCKETS, (slot + 1) * BUCKETS);
    return slot;
  }

  private merged(window: number): Uint32Array {
    const merged = new Uint32Array(BUCKETS);
    for (let slot = 0; slot < WINDOWS; slot += 1) {
      const age = window - (this.windows[slot] ?? -1);
      if (age < 0 || age >= WINDOWS) continue;
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        merged[bucket] = (merged[bucket] ?? 0) + (this.counts[slot * BUCKETS + bucket] ?? 0);
      }
    }
    return merged;
  }
}

function bucketOf(durationMs: number): number {
  if (!(durationMs > SMALLEST_MS)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(durationMs / SMALLEST_MS) / LOG_GROWTH));
}

/** The middle of the bucket in which so many calls are reached. */
function percentile(merged: Uint32Array, rank: number): number {
  let seen = 0;
  const bucket = merged.findIndex((count) => (seen += count) >= rank);
  const middle = SMALLEST_MS * GROWTH ** (bucket - 0.5);
  return Number(middle.toPrecision(3));
}
