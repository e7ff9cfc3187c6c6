import type { Rate, Schedule } from './schedule.js';

/** Starts that are at least `window / limit` apart; idle time saves nothing up. */
export class SmoothPace implements Schedule {
  private intervalMs: number;
  private lastMs = Number.NEGATIVE_INFINITY;
  private beforeLastMs = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate) {
    this.intervalMs = rate.windowMs / rate.limit;
  }

  startsAtMs(nowMs: number, ahead: number): number {
    return Math.max(nowMs, this.lastMs + this.intervalMs) + ahead * this.intervalMs;
  }

  start(nowMs: number): void {
    this.beforeLastMs = this.lastMs;
    this.lastMs = nowMs;
  }

  undo(): void {
    this.lastMs = this.beforeLastMs;
  }

  free(nowMs: number): number {
    return this.isIdle(nowMs) ? 1 : 0;
  }

  isIdle(nowMs: number): boolean {
    return this.lastMs + this.intervalMs <= nowMs;
  }

  change(rate: Rate): void {
    this.intervalMs = rate.windowMs / rate.limit;
  }
}
