import type { Tally } from '../sliding-window.js';
import { BreakerState } from './breaker-state.js';

/** What is known of an opening when it begins. */
export interface Opening {
  readonly openedMs: number;
  readonly waitMs: number;
  readonly consecutiveOpens: number;
  readonly consecutiveFailures: number;
  /** What opened it; shown until the next period. */
  readonly tally: Tally;
}

/** Lets nobody through until its wait is over; no outcome extends it. */
export class Open extends BreakerState {
  constructor(
    period: number,
    private readonly opening: Opening,
  ) {
    super(period);
  }

  get name(): 'open' {
    return 'open';
  }

  override get consecutiveOpens(): number {
    return this.opening.consecutiveOpens;
  }

  override get consecutiveFailures(): number {
    return this.opening.consecutiveFailures;
  }

  override get openedMs(): number {
    return this.opening.openedMs;
  }

  override get waitMs(): number {
    return this.opening.waitMs;
  }

  override isOver(nowMs: number): boolean {
    return this.retryAfterMs(nowMs) === 0;
  }

  override retryAfterMs(nowMs: number): number {
    return Math.max(0, this.opening.openedMs + this.opening.waitMs - nowMs);
  }

  admit(): undefined {
    return undefined;
  }

  override tallyAt(): Tally {
    return this.opening.tally;
  }
}
