import type { Clock } from '../../core/clock.js';
import type { ResolvedSlidingWindow } from './resolved-options.js';

/** What became of a recorded call: whether it failed is bit 0, whether it was slow is bit 1. */
export type Outcome = 0 | 1 | 2 | 3;

export const SUCCESS: Outcome = 0;

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
    this.failures += failureOf(outcome);
    this.slow += slownessOf(outcome);
  }

  tallyAt(): Tally {
    return { recorded: this.recorded, failures: this.failures, slow: this.slow };
  }

  private forget(outcome: Outcome): void {
    this.failures -= failureOf(outcome);
    this.slow -= slownessOf(outcome);
  }
}

const BUCKETS = 10;
/** Numbers that a bucket keeps: recorded, failures, slow. */
const WIDTH = 3;

/**
 * The outcomes of the last span of time, counted in ten buckets: one younger than nine tenths of it is in, one
 * as old as it is out.
 */
export class TimeWindow implements SlidingWindow {
  recorded = 0;
  failures = 0;
  slow = 0;
  /** Number of the bucket that outcomes go to, from 0 where the window began. */
  private current = 0;
  private readonly counts = new Uint32Array(BUCKETS * WIDTH);

  constructor(
    private readonly sizeMs: number,
    private readonly beganMs: number,
  ) {}

  record(outcome: Outcome, clock: Clock): void {
    // A success only dilutes a rate, so it may be a tick late; a failure may be what opens.
    const bucket = this.bucketAt(outcome === SUCCESS ? clock.coarseMs() : clock.nowMs());
    if (bucket > this.current) this.moveTo(bucket);
    const at = (this.current % BUCKETS) * WIDTH;
    const failure = failureOf(outcome);
    const slowness = slownessOf(outcome);
    this.add(at, 1);
    this.recorded += 1;
    if (failure !== 0) this.add(at + 1, 1);
    if (slowness !== 0) this.add(at + 2, 1);
    this.failures += failure;
    this.slow += slowness;
  }

  tallyAt(nowMs: number): Tally {
    const { counts } = this;
    const tally = { recorded: 0, failures: 0, slow: 0 };
    const oldest = Math.max(0, this.bucketAt(nowMs) - BUCKETS + 1, this.current - BUCKETS + 1);
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

  private moveTo(bucket: number): void {
    const passed = Math.min(bucket - this.current, BUCKETS);
    for (let step = 1; step <= passed; step += 1) this.empty((this.current + step) % BUCKETS);
    this.current = bucket;
  }

  private empty(slot: number): void {
    const { counts } = this;
    const at = slot * WIDTH;
    this.recorded -= counts[at] ?? 0;
    this.failures -= counts[at + 1] ?? 0;
    this.slow -= counts[at + 2] ?? 0;
    counts.fill(0, at, at + WIDTH);
  }

  private add(at: number, number: number): void {
    this.counts[at] = (this.counts[at] ?? 0) + number;
  }
}

/** A window that holds nothing yet. */
export function slidingWindow(options: ResolvedSlidingWindow, clock: Clock): SlidingWindow {
  if (options.type === 'count') return new CountWindow(options.size);
  return new TimeWindow(options.sizeMs, clock.nowMs());
}
