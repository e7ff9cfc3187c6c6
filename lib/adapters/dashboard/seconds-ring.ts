/** How many of the last seconds are remembered. */
export const SECONDS_KEPT = 60;

/** What is counted per second, in the order in which a row tells it after its second. */
export const SECOND_FIELDS = ['success', 'failure', 'rejected', 'fallback', 'retries', 'sumMs'] as const;

/** One number that is counted per second. */
export type SecondField = (typeof SECOND_FIELDS)[number];

/** A second, and its numbers in the order of {@link SECOND_FIELDS}. */
export type SecondRow = readonly number[];

/**
 * Counts of the last minute, second by second. Seconds are written over as they come round again, so nothing has to
 * tick: it costs an addition per fact, whether or not anybody looks.
 */
export class SecondsRing {
  private readonly seconds = new Float64Array(SECONDS_KEPT).fill(-1);
  private readonly counts = new Float64Array(SECONDS_KEPT * SECOND_FIELDS.length);

  /** Adds to a number of one second. */
  add(second: number, field: SecondField, amount = 1): void {
    const slot = this.slotOf(second);
    const index = slot * SECOND_FIELDS.length + SECOND_FIELDS.indexOf(field);
    this.counts[index] = (this.counts[index] ?? 0) + amount;
  }

  /** The seconds from one to another, the last not included, in which anything happened; oldest first. */
  rows(from: number, until: number): readonly SecondRow[] {
    const rows: SecondRow[] = [];
    for (let second = Math.max(from, until - SECONDS_KEPT); second < until; second += 1) {
      const slot = second % SECONDS_KEPT;
      if (this.seconds[slot] === second) rows.push([second, ...this.numbersOf(slot)]);
    }
    return rows;
  }

  private slotOf(second: number): number {
    const slot = second % SECONDS_KEPT;
    if (this.seconds[slot] === second) return slot;
    this.seconds[slot] = second;
    this.counts.fill(0, slot * SECOND_FIELDS.length, (slot + 1) * SECOND_FIELDS.length);
    return slot;
  }

  private numbersOf(slot: number): readonly number[] {
    const begin = slot * SECOND_FIELDS.length;
    return [...this.counts.subarray(begin, begin + SECOND_FIELDS.length)].map(Math.round);
  }
}
