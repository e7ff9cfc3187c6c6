import type { Rate, Schedule } from './schedule.js';

const FIRST_CAPACITY = 8;

/**
 * At most `limit` starts in any span as long as the window, its end excluded. Keeps the times of the last
 * starts in a ring that grows to what a window really sees, `limit` at most.
 */
export class RollingWindow implements Schedule {
  private limit: number;
  private windowMs: number;
  private times = new Float64Array(FIRST_CAPACITY);
  private oldest = 0; // index in `times`
  private count = 0;

  constructor(rate: Rate) {
    this.limit = rate.limit;
    this.windowMs = rate.windowMs;
  }

  startsAtMs(nowMs: number, ahead: number): number {
    // The start that must be a window old: the `limit`-th before this one. Where the line is longer than
    // `limit`, that one waits itself, a whole window earlier.
    const rounds = Math.floor(ahead / this.limit);
    const before = this.count - this.limit + (ahead - rounds * this.limit);
    const freeMs = before < 0 ? nowMs : Math.max(nowMs, this.timeOf(before) + this.windowMs);
    return freeMs + rounds * this.windowMs;
  }

  start(nowMs: number): void {
    if (this.count >= this.limit) this.drop(this.count - this.limit + 1);
    if (this.count === this.times.length) this.makeRoom(nowMs);
    this.times[(this.oldest + this.count) % this.times.length] = nowMs;
    this.count += 1;
  }

  undo(): void {
    if (this.count > 0) this.count -= 1;
  }

  free(nowMs: number): number {
    return Math.max(0, this.limit - this.count + this.expired(nowMs));
  }

  isIdle(nowMs: number): boolean {
    return this.count === 0 || this.timeOf(this.count - 1) + this.windowMs <= nowMs;
  }

  change(rate: Rate): void {
    this.limit = rate.limit;
    this.windowMs = rate.windowMs;
  }

  /** Time of the n-th oldest start that is kept, from 0. */
  private timeOf(nth: number): number {
    return this.times[(this.oldest + nth) % this.times.length] ?? Number.NEGATIVE_INFINITY;
  }

  private drop(howMany: number): void {
    this.oldest = (this.oldest + howMany) % this.times.length;
    this.count -= howMany;
  }

  /** A start that is a window old gives its place away; where the oldest is not, the ring gets longer. */
  private makeRoom(nowMs: number): void {
    if (this.timeOf(0) + this.windowMs <= nowMs) return this.drop(1);
    const longer = new Float64Array(this.times.length * 2);
    for (let nth = 0; nth < this.count; nth += 1) longer[nth] = this.timeOf(nth);
    this.times = longer;
    this.oldest = 0;
  }

  /** How many starts are a window old, by bisection: they are kept in order. */
  private expired(nowMs: number): number {
    let from = 0;
    let to = this.count;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.timeOf(middle) + this.windowMs <= nowMs) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
