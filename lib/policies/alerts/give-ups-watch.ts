import { type AlertNotice, NEVER } from './alert-notice.js';
import type { ResolvedAlertOptions } from './alerts.options.js';
import { RecentTimes } from './recent-times.js';

const POLICY = 'retry';

/** Counts the calls that were given up, and tells when there were too many of them in a window. */
export class GiveUpsWatch {
  private readonly recent: RecentTimes;
  private operation = ''; // of the last call that was given up
  private raised: { readonly operation: string; readonly beganMs: number } | undefined;
  private raisedMs = Number.NEGATIVE_INFINITY;
  private isHeldBack = false; // by the debounce

  constructor(private readonly options: ResolvedAlertOptions) {
    this.recent = new RecentTimes(options.giveUps);
  }

  gaveUp(operation: string, nowMs: number): readonly AlertNotice[] {
    const before = this.decide(nowMs);
    this.operation = operation;
    this.recent.add(nowMs);
    return [...before, ...this.decide(nowMs)];
  }

  /** What there is to tell by now. */
  decide(nowMs: number): readonly AlertNotice[] {
    const { firstMs } = this.recent;
    const isBusy = firstMs !== undefined && nowMs < firstMs + this.options.windowMs;
    this.isHeldBack = isBusy && this.raised === undefined && nowMs < this.earliestMs;
    if (this.raised !== undefined) return isBusy ? [] : [this.clear(this.raised, nowMs)];
    return isBusy && !this.isHeldBack ? [this.raise(firstMs, nowMs)] : [];
  }

  /** When it wants to be asked next. */
  get dueMs(): number {
    if (this.isHeldBack) return this.earliestMs;
    const { firstMs } = this.recent;
    return this.raised === undefined || firstMs === undefined ? NEVER : firstMs + this.options.windowMs;
  }

  /** No alert before this. */
  private get earliestMs(): number {
    return this.raisedMs + this.options.debounceMs;
  }

  private raise(beganMs: number, nowMs: number): AlertNotice {
    const { operation } = this;
    this.raised = { operation, beganMs };
    this.raisedMs = nowMs;
    return {
      kind: 'alert.raised',
      alert: 'give-ups',
      operation,
      policy: POLICY,
      lastingMs: nowMs - beganMs,
      giveUps: this.options.giveUps,
    };
  }

  private clear({ operation, beganMs }: { operation: string; beganMs: number }, nowMs: number): AlertNotice {
    this.raised = undefined;
    return {
      kind: 'alert.cleared',
      alert: 'give-ups',
      operation,
      policy: POLICY,
      lastedMs: nowMs - beganMs,
    };
  }
}
