import type { CircuitBreakerState } from '../../lib/core/events.js';

/** What the model needs of the options; waits grow by doubling from `waitMs` to `maxWaitMs`. */
export interface ModelOptions {
  readonly failureThreshold: number | false;
  readonly failureRateThreshold: number | false;
  readonly window: { readonly type: 'time' | 'count'; readonly size: number };
  readonly minimumNumberOfCalls: number;
  readonly slowMs: number | undefined;
  readonly slowRate: number;
  readonly waitMs: number;
  readonly maxWaitMs: number;
  readonly permitted: number;
  readonly maxProbeMs: number;
  readonly mode: 'on' | 'shadow';
}

export type Ending = 'success' | 'failure' | 'ignored' | 'cancelled';

interface Recorded {
  readonly atMs: number;
  readonly isFailure: boolean;
  readonly isSlow: boolean;
}

/** A call as the model sees it; `isHeard` is false for one that runs without being recorded. */
export interface ModelCall {
  readonly startedMs: number;
  readonly period: object;
  readonly isHeard: boolean;
}

/** The rules of the specification, said again as plainly as can be: lists, no buckets, no cleverness. */
export class NaiveBreaker {
  state: CircuitBreakerState = 'closed';
  recorded: Recorded[] = [];
  row = 0;
  opens = 0;
  private untilMs = 0;
  private period = {};
  private probes: ModelCall[] = [];

  constructor(private readonly options: ModelOptions) {}

  /** What the rates are made of. */
  heldAt(nowMs: number): readonly Recorded[] {
    const { window } = this.options;
    if (this.state !== 'closed') return this.recorded;
    if (window.type === 'count') return this.recorded.slice(-window.size);
    return this.recorded.filter(({ atMs }) => nowMs - atMs < window.size);
  }

  retryAfterMs(nowMs: number): number | undefined {
    return this.state === 'open' ? this.untilMs - nowMs : undefined;
  }

  start(nowMs: number): ModelCall | 'rejected' {
    if (this.state === 'open' && nowMs >= this.untilMs) this.enter('half-open');
    this.expire(nowMs);
    const isHeard = this.state === 'closed' || this.hasProbeLeft();
    const call = { startedMs: nowMs, period: this.period, isHeard };
    if (isHeard && this.state === 'half-open') this.probes.push(call);
    const isLetThrough = isHeard || this.state === 'disabled' || this.options.mode === 'shadow';
    return isLetThrough ? call : 'rejected';
  }

  end(call: ModelCall, ending: Ending, nowMs: number): void {
    this.expire(nowMs);
    const isLate = !call.isHeard || call.period !== this.period;
    if (isLate || (this.state === 'half-open' && !this.probes.includes(call))) return;
    this.probes = this.probes.filter((each) => each !== call);
    if (ending === 'ignored' || ending === 'cancelled') return;
    const { slowMs } = this.options;
    const isSlow = slowMs !== undefined && nowMs - call.startedMs > slowMs;
    this.recorded.push({ atMs: nowMs, isFailure: ending === 'failure', isSlow });
    this.row = ending === 'failure' ? this.row + 1 : 0;
    if (this.state === 'closed') this.judgeClosed(nowMs);
    else this.judgeProbes(nowMs);
  }

  byHand(state: 'forced-open' | 'disabled' | 'closed'): void {
    if (state === this.state && state !== 'closed') return;
    this.opens = 0;
    this.enter(state);
  }

  private judgeClosed(nowMs: number): void {
    const { failureThreshold, failureRateThreshold, minimumNumberOfCalls, window } = this.options;
    const minimum =
      window.type === 'count' ? Math.min(minimumNumberOfCalls, window.size) : minimumNumberOfCalls;
    const isFew = this.heldAt(nowMs).length < minimum;
    const isRow = failureThreshold !== false && this.row >= failureThreshold;
    if (isRow && (isFew || failureRateThreshold === false)) this.open(nowMs);
    else if (!isFew && this.isRateReached(nowMs)) this.open(nowMs);
  }

  private judgeProbes(nowMs: number): void {
    const { failureRateThreshold, permitted } = this.options;
    if (failureRateThreshold === false && this.recorded.some(({ isFailure }) => isFailure)) this.open(nowMs);
    else if (this.recorded.length < permitted) return;
    else if (this.isRateReached(nowMs)) this.open(nowMs);
    else this.byHand('closed');
  }

  private isRateReached(nowMs: number): boolean {
    const { failureRateThreshold, slowRate } = this.options;
    const held = this.heldAt(nowMs);
    const failures = held.filter(({ isFailure }) => isFailure).length / held.length;
    const slow = held.filter(({ isSlow }) => isSlow).length / held.length;
    return (failureRateThreshold !== false && failures >= failureRateThreshold) || slow >= slowRate;
  }

  private open(nowMs: number): void {
    const [held, { row }] = [this.heldAt(nowMs), this];
    this.opens += 1;
    const { waitMs, maxWaitMs } = this.options;
    this.untilMs = nowMs + Math.min(maxWaitMs, waitMs * 2 ** (this.opens - 1));
    this.enter('open');
    this.recorded = [...held];
    this.row = row;
  }

  private enter(state: CircuitBreakerState): void {
    this.state = state;
    this.period = {};
    this.probes = [];
    this.recorded = [];
    this.row = 0;
  }

  private hasProbeLeft(): boolean {
    return this.state === 'half-open' && this.recorded.length + this.probes.length < this.options.permitted;
  }

  private expire(nowMs: number): void {
    this.probes = this.probes.filter(({ startedMs }) => nowMs - startedMs < this.options.maxProbeMs);
  }
}
