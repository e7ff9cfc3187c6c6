/** Durations that are kept. The 95th percentile of so many rests on a dozen, and they fit into 4 kB. */
const KEPT = 256;

/**
 * How long the last calls took. They are in order at all times: to record one moves at most 2 kB in one go, to ask
 * for a percentile only reads, so neither is felt on the way of a call.
 */
export class RecentDurations {
  private readonly arrivals = new Float64Array(KEPT);
  private readonly sorted = new Float64Array(KEPT);
  private count = 0;
  private next = 0;

  constructor(
    /** How many must be known before there is a percentile. */
    private readonly fewest: number,
  ) {}

  /** Another call took so long; the oldest of them is forgotten. */
  record(durationMs: number): void {
    if (this.count === KEPT) this.remove(this.arrivals[this.next] ?? 0);
    this.arrivals[this.next] = durationMs;
    this.next = (this.next + 1) % KEPT;
    this.insert(durationMs);
  }

  /** The smallest duration that so many percent of all do not exceed; `undefined` while too few are known. */
  percentile(percent: number): number | undefined {
    if (this.count < this.fewest) return undefined;
    // Whole numbers: 0.55 × 100 would be 55.00000000000001.
    const rank = Math.ceil((percent * this.count) / 100);
    return this.sorted[rank - 1];
  }

  private insert(durationMs: number): void {
    const place = this.placeOf(durationMs);
    this.sorted.copyWithin(place + 1, place, this.count);
    this.sorted[place] = durationMs;
    this.count += 1;
  }

  private remove(durationMs: number): void {
    const place = this.placeOf(durationMs);
    this.sorted.copyWithin(place, place + 1, this.count);
    this.count -= 1;
  }

  /** Index of the first that is not shorter. */
  private placeOf(durationMs: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle] ?? 0) < durationMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
