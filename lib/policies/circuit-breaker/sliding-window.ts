import type { Clock } from '../../core/clock.js';
import type { ResolvedSlidingWindow } from './resolved-options.js';

/** What became of a recorded call: whether it failed is bit 0, whether it was slow is bit 1. */
export type Outcome = 0 | 1 | 2 | 3;

/** The outcome of a call that neither failed nor was slow. */
export const SUCCESS: Outcome = 0;

/** The outcome of these two facts. */
export function outcomeOf(isFailure: boolean, isSlow: boolean): Outcome {
  if (isSlow) return isFailure ? 3 : 2;
  return isFailure ? 1 : 0;
}

/** 1 for a failure, 0 for a success. */
export function failureOf(outcome: Outcome): 0 | 1 {
  return outcome === 1 || outcome === 3 ? 1 : 0;
}

/** 1 for a slow call, 0 for one that was fast enough. */
export function slownessOf(outcome: Outcome): 0 | 1 {
  return outcome >= 2 ? 1 : 0;
}

/** Recorded calls, and how many of them failed or were slow. */
export interface Tally {
  readonly recorded: number;
  readonly failures: number;
  readonly slow: number;
}

/** The tally of no call at all. */
export const EMPTY_TALLY: Tally = { recorded: 0, failures: 0, slow: 0 };

/** The recorded calls that rates are made of; its own tally is the one of the last record. */
export interface SlidingWindow extends Tally {
  /** Takes one outcome in, in a time that does not depend on how many it holds. */
  record(outcome: Outcome, clock: Clock): void;
  /** What it holds at a moment; changes nothing. */
  tallyAt(nowMs: number): Tally;
}

/** The last `size` outcomes, one byte each. */
export class CountWindow implements SlidingWindow {
  recorded = 0;
  failures = 0;
  slow = 0;
  private next = 0;
  private readonly ring: Uint8Array;

  constructor(private readonly size: number) {
    this.ring = new Uint8Array(size);
  }

  record(outcome: Outcome): void {
    const { next, ring } = this;
    if (this.recorded === this.size) this.forget(ring[next] as Outcome);
    else this.recorded += 1;
    ring[next] = outcome;
    this.next = next + 1 === this.size ? 0 : next + 1;
    if (outcome === SUCCESS) return;
    this.failures += failureOf(outcome);
    this.slow += slownessOf(outcome);
  }

  tallyAt(): Tally {
    return { recorded: this.recorded, failures: this.failures, slow: this.slow };
  }

  private forget(outcome: Outcome): void {
    if (outcome === SUCCESS) return;
    this.failures -= failureOf(outcome);
    this.slow -= slownessOf(outcome);
  }
}

const BUCKETS = 10;
/** Numbers that a bucket keeps: recorded, failures, slow. */
const WIDTH = 3;

/**
 * The outcomes of the last span of time, counted in ten buckets: one younger than nine tenths of it is in,
 * one as old as it is out. As long as all of them are in one bucket, the sums are its counts, and there are no
 * others: a breaker that is used once in a while needs no more.
 */
export class TimeWindow implements SlidingWindow {
  recorded = 0;
  failures = 0;
  slow = 0;
  /** Number of the bucket that outcomes go to, from 0 where the window began. */
  private current = 0;
  /** Where its counts begin, and when the next bucket does: kept, since divisions cost more than the rest. */
  private slot = 0;
  private currentEndsMs: number;
  /** An array and no typed one, which is half again as large and lies outside of the heap. */
  private counts: number[] | undefined;

  constructor(
    private readonly sizeMs: number,
    private readonly beganMs: number,
  ) {
    this.currentEndsMs = beganMs + sizeMs / BUCKETS;
  }

  record(outcome: Outcome, clock: Clock): void {
    // A success only dilutes a rate, so it may be a tick late; a failure may be what opens.
    const nowMs = outcome === SUCCESS ? clock.coarseMs() : clock.nowMs();
    if (nowMs >= this.currentEndsMs) this.moveTo(this.bucketAt(nowMs));
    this.recorded += 1;
    if (this.counts !== undefined) add(this.counts, this.slot, 1);
    if (outcome !== SUCCESS) this.recordTrouble(failureOf(outcome), slownessOf(outcome));
  }

  tallyAt(nowMs: number): Tally {
    const { counts, recorded, failures, slow } = this;
    const firstBucket = this.bucketAt(nowMs) - BUCKETS + 1;
    if (counts === undefined) return firstBucket > this.current ? EMPTY_TALLY : { recorded, failures, slow };
    const tally = { recorded: 0, failures: 0, slow: 0 };
    const oldest = Math.max(0, firstBucket, this.current - BUCKETS + 1);
    for (let bucket = oldest; bucket <= this.current; bucket += 1) {
      const at = (bucket % BUCKETS) * WIDTH;
      tally.recorded += counts[at] ?? 0;
      tally.failures += counts[at + 1] ?? 0;
      tally.slow += counts[at + 2] ?? 0;
    }
    return tally;
  }

  private bucketAt(nowMs: number): number {
    return Math.floor(((nowMs - this.beganMs) * BUCKETS) / this.sizeMs);
  }

  private recordTrouble(failure: number, slowness: number): void {
    this.failures += failure;
    this.slow += slowness;
    if (this.counts === undefined) return;
    add(this.counts, this.slot + 1, failure);
    add(this.counts, this.slot + 2, slowness);
  }

  private moveTo(bucket: number): void {
    const passed = bucket - this.current;
    if (passed >= BUCKETS) this.forgetAll();
    else this.emptyUpTo(passed, (this.counts ??= this.firstCounts()));
    this.current = bucket;
    this.slot = (bucket % BUCKETS) * WIDTH;
    this.currentEndsMs = this.beganMs + ((bucket + 1) * this.sizeMs) / BUCKETS;
  }

  private forgetAll(): void {
    this.recorded = 0;
    this.failures = 0;
    this.slow = 0;
    this.counts = undefined;
  }

  private firstCounts(): number[] {
    const counts = Array.from({ length: BUCKETS * WIDTH }, () => 0);
    counts.splice(this.slot, WIDTH, this.recorded, this.failures, this.slow);
    return counts;
  }

  private emptyUpTo(passed: number, counts: number[]): void {
    for (let step = 1; step <= passed; step += 1) {
      const at = ((this.current + step) % BUCKETS) * WIDTH;
      this.recorded -= counts[at] ?? 0;
      this.failures -= counts[at + 1] ?? 0;
      this.slow -= counts[at + 2] ?? 0;
      counts.fill(0, at, at + WIDTH);
    }
  }
}

function add(counts: number[], at: number, number: number): void {
  counts[at] = (counts[at] ?? 0) + number;
}

/** A window that holds nothing yet. */
export function slidingWindow(options: ResolvedSlidingWindow, clock: Clock): SlidingWindow {
  if (options.type === 'count') return new CountWindow(options.size);
  return new TimeWindow(options.sizeMs, clock.nowMs());
}
