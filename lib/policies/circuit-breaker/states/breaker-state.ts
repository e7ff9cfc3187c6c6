import type { Clock } from '../../../core/clock.js';
import type { CircuitBreakerState } from '../../../core/events.js';
import { GrantedPermit, type Permit } from '../../../core/rule.js';
import type { ResolvedCircuitBreakerOptions } from '../resolved-options.js';
import { EMPTY_TALLY, type Outcome, type Tally } from '../sliding-window.js';

/** What follows from a recorded outcome. */
export type Verdict = 'stay' | 'open' | 'close';

/** What the breaker around a state lends it. */
export interface Surroundings {
  readonly options: ResolvedCircuitBreakerOptions;
  readonly clock: Clock;
}

/** The permit of a call whose outcome nobody wants to know; no period has this number. */
export const UNRECORDED = -1;

/** A permit that knows its period and when it was taken. */
export class TimedPermit extends GrantedPermit {
  constructor(
    readonly period: number,
    readonly takenMs: number,
  ) {
    super();
  }
}

/** A permit whose outcome is fenced by its period. */
export function periodOf(permit: Permit): number {
  if (typeof permit === 'number') return permit;
  return permit instanceof TimedPermit ? permit.period : UNRECORDED;
}

/** One state of a breaker, for one period: it is replaced, never changed into another. */
export abstract class BreakerState {
  abstract readonly name: CircuitBreakerState;

  /** `period` tells this stay from every other: outcomes of another period are not its own. */
  constructor(readonly period: number) {}

  /** How many openings followed each other without a close, this one included. */
  get consecutiveOpens(): number {
    return 0;
  }

  /** When it opened; only where it did. */
  get openedMs(): number | undefined {
    return undefined;
  }

  get consecutiveFailures(): number {
    return 0;
  }

  /** How long it stays before it probes; only where it opened. */
  get waitMs(): number | undefined {
    return undefined;
  }

  /** Whether its time is up, so that the next call finds the breaker half-open. */
  isOver(_nowMs: number): boolean {
    return false;
  }

  /** How long nobody will be let through, where that is known. */
  retryAfterMs(_nowMs: number): number | undefined {
    return undefined;
  }

  /** A permit of this period, or nothing for a call that may not pass. */
  abstract admit(surroundings: Surroundings): Permit | undefined;

  /** Whether a permit of this period is still out: its outcome counts, and it can be given back. */
  holds(_permit: Permit, _surroundings: Surroundings): boolean {
    return true;
  }

  /** Takes in the outcome of a permit that it holds. */
  record(_permit: Permit, _outcome: Outcome, _surroundings: Surroundings): Verdict {
    return 'stay';
  }

  /**
   * Takes in a success that can change nothing but the tally; `false` where more is to be thought about, and
   * nothing was taken in.
   */
  recordsPlainSuccess(_permit: Permit, _clock: Clock): boolean {
    return false;
  }

  /** Takes back a permit whose call had no outcome. */
  giveBack(_permit: Permit): void {}

  /** What the rates are made of at a moment. */
  tallyAt(_nowMs: number): Tally {
    return EMPTY_TALLY;
  }

  /** Options were replaced; answers the state that goes on under the new ones, of the same name. */
  underOptions(_before: ResolvedCircuitBreakerOptions, _after: ResolvedCircuitBreakerOptions): BreakerState {
    return this;
  }
}

/** Share of a part, 0 where there is nothing. */
export function rateOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Whether failures or slow calls have the share that opens. */
export function isRateReached(tally: Tally, options: ResolvedCircuitBreakerOptions): boolean {
  const { failureRateThreshold, slowCallRateThreshold } = options;
  const { recorded, failures, slow } = tally;
  // Thresholds are above 0.
  if (failures === 0 && slow === 0) return false;
  if (failureRateThreshold !== false && rateOf(failures, recorded) >= failureRateThreshold) return true;
  return rateOf(slow, recorded) >= slowCallRateThreshold;
}
