import type { Clock, Timer } from '../../core/clock.js';
import type { Permit } from '../../core/rule.js';
import { type Waiter, WaitingLine } from '../../core/waiting-line.js';
import type { RateLimiterType } from './rate-limiter.options.js';
import type { Rate, Schedule } from './schedule.js';
import { scheduleOf } from './schedule-of.js';

/** Permits of a rate are not given back, so all are alike. */
export const PERMIT: Permit = 0;

/** A rate, and how it spreads the starts. */
export interface Plan extends Rate {
  readonly type: RateLimiterType;
}

/** A clock that counts in fractions may ring a hair before the time; the next try comes after this. */
const LEAST_DELAY_MS = 0.001;

/**
 * Starts the calls that wait in the order of coming, each as early as the schedule lets it. A place in the
 * line is all that a waiter holds, so those behind one that leaves move up.
 */
export class LimitedLine {
  private readonly line = new WaitingLine();
  private readonly afterLeave = (): void => {
    if (this.line.length === 0) this.stop();
  };
  private schedule: Schedule;
  private timer: Timer | undefined;
  private isServing = false;

  constructor(
    private plan: Plan,
    private readonly clock: Clock,
  ) {
    this.schedule = scheduleOf(plan.type, plan);
  }

  /** Number of calls that wait. */
  get queued(): number {
    return this.line.length;
  }

  /** When a call that comes now would start. */
  startsAtMs(nowMs: number): number {
    return this.schedule.startsAtMs(nowMs, this.line.length);
  }

  /** Starts a call at once, if it may and nobody waits. */
  tryStart(nowMs: number): boolean {
    if (this.line.length === 0) return this.start(nowMs);
    this.serve();
    // Those who were served may have kept the thread busy.
    return this.line.length === 0 && this.start(this.clock.nowMs());
  }

  /** The call that was just started did not begin after all. */
  undo(): void {
    this.schedule.undo();
  }

  /** Waits behind all others. */
  join(): Waiter {
    const waiter = this.line.join(this.afterLeave);
    if (this.timer === undefined && !this.isServing) this.arm();
    return waiter;
  }

  /** Number of calls that might start at once. */
  free(nowMs: number): number {
    return Math.max(0, this.schedule.free(nowMs) - this.line.length);
  }

  /** Whether forgetting it would change nothing. */
  isIdle(nowMs: number): boolean {
    return this.line.length === 0 && this.schedule.isIdle(nowMs);
  }

  /** Another plan holds from now on, also for those who wait; starts still count unless the type changes. */
  change(plan: Plan): void {
    if (plan.type === this.plan.type) this.schedule.change(plan, this.clock.nowMs());
    else this.schedule = scheduleOf(plan.type, plan);
    this.plan = plan;
    this.stop();
    this.serve();
  }

  private serve(): void {
    if (this.isServing) return;
    this.isServing = true;
    try {
      while (this.line.length > 0 && this.startFirst()) continue;
    } finally {
      this.isServing = false;
      if (this.line.length > 0 && this.timer === undefined) this.arm();
    }
  }

  /** Each start has a time of its own: the call before may have kept the thread busy. */
  private startFirst(): boolean {
    return this.start(this.clock.nowMs()) && this.line.serveFirst(PERMIT);
  }

  private start(nowMs: number): boolean {
    if (this.schedule.startsAtMs(nowMs, 0) > nowMs) return false;
    this.schedule.start(nowMs);
    return true;
  }

  /** One timer for the whole line: only its first can be next. */
  private arm(): void {
    const nowMs = this.clock.nowMs();
    const delayMs = Math.max(LEAST_DELAY_MS, this.schedule.startsAtMs(nowMs, 0) - nowMs);
    this.timer = this.clock.schedule(delayMs, () => this.ring(), { detached: true });
  }

  private ring(): void {
    this.timer = undefined;
    this.serve();
  }

  private stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
