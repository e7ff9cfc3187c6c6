import type { Call } from '../../core/call.js';
import { tell } from '../../core/callbacks.js';
import type { Clock } from '../../core/clock.js';
import type { Environment } from '../../core/environment.js';
import { withoutStack } from '../../core/errors.js';
import type { CircuitBreakerState } from '../../core/events.js';
import { type Permit, Refusal } from '../../core/rule.js';
import { CallCounts, type CircuitBreakerCounters } from './call-counts.js';
import { CircuitBreakerOpenError } from './circuit-breaker.errors.js';
import type {
  CircuitBreakerGate,
  CircuitBreakerParts,
  CircuitBreakerSnapshot,
  KeyedParts,
} from './circuit-breaker.gate.js';
import { isFailureByError, isFailureByValue } from './judgement.js';
import { openWaitMs } from './open-wait.js';
import type { ResolvedCircuitBreakerOptions } from './resolved-options.js';
import { outcomeOf } from './sliding-window.js';
import { changeOf, snapshotOf } from './snapshot.js';
import { type BreakerState, periodOf, TimedPermit, UNRECORDED } from './states/breaker-state.js';
import { beginning, Disabled, ForcedOpen } from './states/by-hand.js';
import { Closed } from './states/closed.js';
import { HalfOpen } from './states/half-open.js';
import { Open } from './states/open.js';

/**
 * Lets calls through while their dependency works, refuses them while it does not, and finds out by a few
 * probes when it works again. Keeps no timer; an outcome counts only in the period of its permit.
 */
export class CircuitBreakerRule implements CircuitBreakerGate {
  readonly name: string;
  private settings: ResolvedCircuitBreakerOptions;
  private current: BreakerState;
  private readonly environment: Environment;
  private readonly onStateChanged: CircuitBreakerParts['onStateChanged'];
  private readonly counts: CallCounts;
  private readonly isKeyed: boolean;

  constructor(parts: CircuitBreakerParts | KeyedParts) {
    this.name = parts.name;
    this.settings = parts.options;
    this.environment = parts.environment;
    this.onStateChanged = parts.onStateChanged;
    this.isKeyed = 'counts' in parts;
    this.counts = 'counts' in parts ? parts.counts : new CallCounts();
    this.current = beginning('begins' in parts ? parts.begins : undefined);
  }

  /** The permit is back as soon as nobody waits for the call; a later outcome tells nothing. */
  get returnsOnCancel(): true {
    return true;
  }

  get judgesValues(): boolean {
    return this.settings.recordResult !== undefined;
  }

  isFailure(value: unknown): boolean {
    return isFailureByValue(this, value) === true;
  }

  /** The options it runs under now. */
  get options(): ResolvedCircuitBreakerOptions {
    return this.settings;
  }

  /** The time that its states see. */
  get clock(): Clock {
    return this.environment.clock;
  }

  get state(): CircuitBreakerState {
    return this.current.name;
  }

  get counters(): CircuitBreakerCounters {
    return this.counts.copy();
  }

  snapshot(): CircuitBreakerSnapshot {
    return snapshotOf(this.name, this.settings.mode, this.current, this.clock);
  }

  admit(call: Call): Permit | Refusal {
    return this.current.admit(this) ?? this.probeOrRefuse(call);
  }

  succeeded(permit: Permit, value: unknown, call: Call): void {
    if (periodOf(permit) !== this.current.period) return;
    if (!this.judgesValues && this.current.recordsPlainSuccess(permit, this.clock)) this.counts.success += 1;
    else this.settle(permit, isFailureByValue(this, value), call);
  }

  failed(permit: Permit, error: unknown, call: Call): void {
    if (periodOf(permit) !== this.current.period) return;
    this.settle(permit, isFailureByError(this, error, call), call);
  }

  cancelled(permit: Permit): void {
    if (periodOf(permit) === this.current.period) this.current.giveBack(permit);
  }

  forceOpen(): void {
    if (this.state !== 'forced-open') this.become(new ForcedOpen(this.nextPeriod), this.name);
  }

  disable(): void {
    if (this.state !== 'disabled') this.become(new Disabled(this.nextPeriod), this.name);
  }

  reset(): void {
    this.become(new Closed(this.nextPeriod), this.name);
  }

  reconfigure(options: ResolvedCircuitBreakerOptions): void {
    this.current = this.current.underOptions(this.settings, options);
    this.settings = options;
  }

  /** Tells of a callback of the options that threw. */
  report(what: string, error: unknown): void {
    this.environment.events.report(`${what} of circuit breaker "${this.name}"`, error);
  }

  private get nextPeriod(): number {
    return this.current.period + 1;
  }

  private probeOrRefuse(call: Call, nowMs = this.clock.nowMs()): Permit | Refusal {
    const { current } = this;
    if (!current.isOver(nowMs)) return this.refuse(call, nowMs);
    this.become(new HalfOpen(this.nextPeriod, current.consecutiveOpens), call.operation);
    return this.current.admit(this) ?? this.refuse(call, nowMs);
  }

  private refuse(call: Call, nowMs: number): Permit | Refusal {
    if (this.settings.mode === 'shadow') {
      this.counts.spared += 1;
      return UNRECORDED;
    }
    this.counts.rejected += 1;
    const { operation } = call;
    const policy = this.name;
    const retryAfterMs = this.current.retryAfterMs(nowMs);
    // Written out: adding to a copy costs as much as all the rest.
    const facts = retryAfterMs === undefined ? { operation, policy } : { operation, policy, retryAfterMs };
    const kind = 'circuit-breaker.rejected';
    if (this.environment.events.isAwaited(kind)) this.environment.events.emit({ kind, ...facts });
    return new Refusal(withoutStack(() => new CircuitBreakerOpenError(facts)));
  }

  /** `isFailure` is undefined for an outcome that is ignored. */
  private settle(permit: Permit, isFailure: boolean | undefined, call: Call): void {
    // Judging has run code of the user's, which may have changed the state by hand.
    if (periodOf(permit) !== this.current.period || !this.current.holds(permit, this)) return;
    if (isFailure === undefined) {
      this.counts.ignored += 1;
      return this.current.giveBack(permit);
    }
    const outcome = outcomeOf(isFailure, this.isSlow(permit));
    const verdict = this.current.record(permit, outcome, this);
    this.counts.add(outcome);
    if (verdict === 'stay') return;
    if (verdict === 'open') return this.open(call.operation);
    this.become(new Closed(this.nextPeriod), call.operation);
  }

  private isSlow(permit: Permit): boolean {
    const { slowCallDurationThresholdMs: thresholdMs } = this.settings;
    if (thresholdMs === undefined || !(permit instanceof TimedPermit)) return false;
    return this.clock.nowMs() - permit.takenMs > thresholdMs;
  }

  private open(operation: string): void {
    const from = this.current;
    const consecutiveOpens = from.consecutiveOpens + 1;
    const report = (error: unknown): void => this.report('waitDurationInOpenState', error);
    const waitMs = openWaitMs(this.settings.waitInOpenState, consecutiveOpens, report);
    // A function that decides the wait is code of the user's, too.
    if (this.current !== from) return;
    const openedMs = this.clock.nowMs();
    const { consecutiveFailures } = from;
    const tally = from.tallyAt(openedMs);
    const opening = { openedMs, waitMs, consecutiveOpens, consecutiveFailures, tally };
    this.become(new Open(this.nextPeriod, opening), operation);
  }

  private become(next: BreakerState, operation: string): void {
    const from = this.current;
    this.current = next;
    const { events } = this.environment;
    if (from.name === next.name || (this.onStateChanged === undefined && !events.isObserved)) return;
    const { name: policy, isKeyed: keyed } = this;
    const change = { operation, policy, keyed, ...changeOf(from, next, this.clock.nowMs()) };
    tell(events, `the listener of circuit breaker "${this.name}"`, this.onStateChanged, change);
    if (events.isObserved) events.emit(change, this);
  }
}
