import { breakerOpen } from './failure.js';
import type { Answer, GateEnd, ModelGate, Tell } from './gate.js';
import type { ModelTime } from './time.js';

/** A breaker's options; either a row of failures opens it, or the rate among the last calls. */
export interface ModelBreakerOptions {
  readonly failureThreshold: number | false;
  readonly rate: { readonly size: number; readonly threshold: number } | false;
  readonly waitMs: number;
  readonly maxWaitMs: number;
  readonly permitted: number;
  readonly maxProbeMs: number;
}

interface Probe {
  readonly takenMs: number;
}

/** A circuit breaker without a window of buckets: a list of outcomes, and a number for the period. */
export class ModelBreaker implements ModelGate {
  readonly returnsOnCancel = true;
  private state: 'closed' | 'open' | 'half-open' | 'forced-open' | 'disabled' = 'closed';
  private outcomes: boolean[] = [];
  private row = 0;
  private opens = 0;
  private untilMs = 0;
  private period = 0;
  private probes: Probe[] = [];
  private readonly counters = { success: 0, failure: 0, ignored: 0, rejected: 0, slow: 0, spared: 0 };

  constructor(
    private readonly options: ModelBreakerOptions,
    private readonly time: ModelTime,
    private readonly tell: Tell,
  ) {}

  admit(): Answer {
    const { nowMs } = this.time;
    if (this.state === 'open' && nowMs >= this.untilMs) this.become('half-open');
    if (this.state === 'half-open') this.expire();
    const isFull = this.outcomes.length + this.probes.length >= this.options.permitted;
    if (this.state === 'disabled') return { end: () => undefined };
    if (this.state === 'closed' || (this.state === 'half-open' && !isFull)) return this.permit();
    this.counters.rejected += 1;
    const retryAfterMs = this.state === 'open' ? this.untilMs - nowMs : undefined;
    this.tell({ kind: 'circuit-breaker.rejected', ...(retryAfterMs !== undefined && { retryAfterMs }) });
    return { refused: breakerOpen(retryAfterMs) };
  }

  byHand(state: 'forced-open' | 'disabled' | 'closed'): void {
    if (state === this.state && state !== 'closed') return;
    this.opens = 0;
    this.become(state);
  }

  snapshot(): unknown {
    return { state: this.state, consecutiveOpens: this.opens, counters: { ...this.counters } };
  }

  private permit(): Answer {
    const { period } = this;
    const probe = { takenMs: this.time.nowMs };
    if (this.state === 'half-open') this.probes.push(probe);
    return { end: (how) => this.end(period, probe, how) };
  }

  private end(period: number, probe: Probe, how: GateEnd): void {
    this.expire();
    if (period !== this.period || (this.state === 'half-open' && !this.probes.includes(probe))) return;
    this.probes = this.probes.filter((each) => each !== probe);
    if (how === 'cancelled') return;
    this.counters[how] += 1;
    if (how === 'ignored') return;
    this.outcomes.push(how === 'success');
    this.row = how === 'success' ? 0 : this.row + 1;
    if (this.state === 'closed') this.judge();
    else this.judgeProbes();
  }

  private judge(): void {
    const { failureThreshold, rate } = this.options;
    const isRow = failureThreshold !== false && this.row >= failureThreshold;
    const isFull = rate !== false && this.held.length === rate.size;
    if (isRow || (isFull && this.failureRate >= rate.threshold)) this.open();
  }

  private judgeProbes(): void {
    const { rate, permitted } = this.options;
    if (rate === false && this.outcomes.includes(false)) return this.open();
    if (this.outcomes.length < permitted) return undefined;
    if (rate !== false && this.failureRate >= rate.threshold) return this.open();
    this.opens = 0;
    return this.become('closed');
  }

  private open(): void {
    this.opens += 1;
    const waitMs = Math.min(this.options.maxWaitMs, this.options.waitMs * 2 ** (this.opens - 1));
    this.untilMs = this.time.nowMs + waitMs;
    this.become('open', waitMs);
  }

  private get held(): readonly boolean[] {
    const { rate } = this.options;
    return rate === false || this.state !== 'closed' ? this.outcomes : this.outcomes.slice(-rate.size);
  }

  private get failureRate(): number {
    const { held } = this;
    return held.length === 0 ? 0 : held.filter((isGood) => !isGood).length / held.length;
  }

  private become(to: ModelBreaker['state'], waitMs?: number): void {
    const { state: from, failureRate, held } = this;
    this.state = to;
    this.period += 1;
    this.probes = [];
    this.row = 0;
    // An open breaker shows what has opened it.
    this.outcomes = to === 'open' ? [...held] : [];
    if (from === to) return;
    const change = { kind: 'circuit-breaker.state-changed', from, to, failureRate, keyed: false };
    this.tell({ ...change, ...(waitMs !== undefined && { waitMs }) });
  }

  private expire(): void {
    const { maxProbeMs } = this.options;
    this.probes = this.probes.filter(({ takenMs }) => this.time.nowMs - takenMs < maxProbeMs);
  }
}
