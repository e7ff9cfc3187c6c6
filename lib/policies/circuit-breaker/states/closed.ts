import type { Clock } from '../../../core/clock.js';
import type { Permit } from '../../../core/rule.js';
import type { ResolvedCircuitBreakerOptions, ResolvedSlidingWindow } from '../resolved-options.js';
import {
  EMPTY_TALLY,
  failureOf,
  type Outcome,
  type SlidingWindow,
  slidingWindow,
  SUCCESS,
  type Tally,
} from '../sliding-window.js';
import {
  BreakerState,
  isRateReached,
  type Surroundings,
  TimedPermit,
  type Verdict,
} from './breaker-state.js';

/** Lets every call through and watches what becomes of them. */
export class Closed extends BreakerState {
  /** Made with the first outcome, so that an idle breaker has none. */
  private window: SlidingWindow | undefined = undefined;
  private failuresInARow = 0;

  get name(): 'closed' {
    return 'closed';
  }

  override get consecutiveFailures(): number {
    return this.failuresInARow;
  }

  admit({ options, clock }: Surroundings): Permit {
    if (options.slowCallDurationThresholdMs === undefined) return this.period;
    return new TimedPermit(this.period, clock.nowMs());
  }

  override record(_permit: Permit, outcome: Outcome, { options, clock }: Surroundings): Verdict {
    const window = (this.window ??= slidingWindow(options.slidingWindow, clock));
    window.record(outcome, clock);
    this.failuresInARow = failureOf(outcome) === 0 ? 0 : this.failuresInARow + 1;
    return this.isToOpen(window, options) ? 'open' : 'stay';
  }

  /** Most successes: their call was not timed, and the window holds nothing that could open. */
  override recordsPlainSuccess(permit: Permit, clock: Clock): boolean {
    const { window } = this;
    if (window === undefined || typeof permit !== 'number') return false;
    if (window.failures !== 0 || window.slow !== 0) return false;
    window.record(SUCCESS, clock);
    this.failuresInARow = 0;
    return true;
  }

  override tallyAt(nowMs: number): Tally {
    return this.window?.tallyAt(nowMs) ?? EMPTY_TALLY;
  }

  /** A window of another shape begins empty; failures in a row are no part of it and stay. */
  override underOptions(before: ResolvedCircuitBreakerOptions, after: ResolvedCircuitBreakerOptions): this {
    if (!isSameShape(before.slidingWindow, after.slidingWindow)) this.window = undefined;
    return this;
  }

  private isToOpen(window: SlidingWindow, options: ResolvedCircuitBreakerOptions): boolean {
    const { failureThreshold, failureRateThreshold, minimumNumberOfCalls } = options;
    const isRateReady = window.recorded >= minimumNumberOfCalls;
    const isRowDecisive = !isRateReady || failureRateThreshold === false;
    if (isRowDecisive && failureThreshold !== false && this.failuresInARow >= failureThreshold) return true;
    return isRateReady && isRateReached(window, options);
  }
}

function isSameShape(before: ResolvedSlidingWindow, after: ResolvedSlidingWindow): boolean {
  if (before.type === 'time') return after.type === 'time' && before.sizeMs === after.sizeMs;
  return after.type === 'count' && before.size === after.size;
}
