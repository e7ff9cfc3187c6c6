import type { Permit } from '../../../core/rule.js';
import type { ResolvedCircuitBreakerOptions } from '../resolved-options.js';
import { failureOf, type Outcome, slownessOf, type Tally } from '../sliding-window.js';
import {
  BreakerState,
  isRateReached,
  type Surroundings,
  TimedPermit,
  type Verdict,
} from './breaker-state.js';

/** Lets a few calls through as probes; when so many outcomes are recorded, they decide together. */
export class HalfOpen extends BreakerState {
  /** Permits that are out, oldest first. */
  private readonly probes = new Set<Permit>();
  private recorded = 0;
  private failures = 0;
  private slow = 0;
  private failuresInARow = 0;

  constructor(
    period: number,
    private readonly opensBefore: number,
  ) {
    super(period);
  }

  get name(): 'half-open' {
    return 'half-open';
  }

  override get consecutiveOpens(): number {
    return this.opensBefore;
  }

  override get consecutiveFailures(): number {
    return this.failuresInARow;
  }

  admit({ options, clock }: Surroundings): Permit | undefined {
    const nowMs = clock.nowMs();
    this.expireProbes(nowMs - options.maxWaitInHalfOpenStateMs);
    const isFull = this.recorded + this.probes.size >= options.permittedNumberOfCallsInHalfOpenState;
    if (isFull) return undefined;
    const permit = new TimedPermit(this.period, nowMs);
    this.probes.add(permit);
    return permit;
  }

  override holds(permit: Permit, { options, clock }: Surroundings): boolean {
    // Expired at its moment, not at the next look: what a late outcome does must not depend on who came by.
    this.expireProbes(clock.nowMs() - options.maxWaitInHalfOpenStateMs);
    return this.probes.has(permit);
  }

  override record(permit: Permit, outcome: Outcome, { options }: Surroundings): Verdict {
    this.probes.delete(permit);
    this.count(outcome);
    if (options.failureRateThreshold === false && this.failures > 0) return 'open';
    if (this.recorded < options.permittedNumberOfCallsInHalfOpenState) return 'stay';
    return isRateReached(this.tallyAt(), options) ? 'open' : 'close';
  }

  override giveBack(permit: Permit): void {
    this.probes.delete(permit);
  }

  override tallyAt(): Tally {
    return { recorded: this.recorded, failures: this.failures, slow: this.slow };
  }

  /** Fewer or more probes than were begun with have no verdict in common: the probing starts again. */
  override underOptions(
    before: ResolvedCircuitBreakerOptions,
    after: ResolvedCircuitBreakerOptions,
  ): HalfOpen {
    const isSame =
      before.permittedNumberOfCallsInHalfOpenState === after.permittedNumberOfCallsInHalfOpenState;
    return isSame ? this : new HalfOpen(this.period + 1, this.opensBefore);
  }

  private expireProbes(takenByMs: number): void {
    for (const probe of this.probes) {
      if (!(probe instanceof TimedPermit) || probe.takenMs > takenByMs) return;
      this.probes.delete(probe);
    }
  }

  private count(outcome: Outcome): void {
    this.recorded += 1;
    this.failures += failureOf(outcome);
    this.slow += slownessOf(outcome);
    this.failuresInARow = failureOf(outcome) === 0 ? 0 : this.failuresInARow + 1;
  }
}
