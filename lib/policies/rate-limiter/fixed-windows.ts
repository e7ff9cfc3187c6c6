import type { Rate, Schedule } from './schedule.js';

/** Windows that follow each other from the first use on, `limit` starts in each; unused ones are lost. */
export class FixedWindows implements Schedule {
  private limit: number;
  private windowMs: number;
  private beganMs: number | undefined;
  private window = 0; // number of the window that `started` belongs to
  private started = 0;

  constructor(rate: Rate) {
    this.limit = rate.limit;
    this.windowMs = rate.windowMs;
  }

  startsAtMs(nowMs: number, ahead: number): number {
    this.moveTo(nowMs);
    const windowsAhead = Math.floor((this.started + ahead) / this.limit);
    return windowsAhead === 0 ? nowMs : this.beginsAtMs(this.window + windowsAhead);
  }

  start(nowMs: number): void {
    this.moveTo(nowMs);
    this.started += 1;
  }

  undo(): void {
    if (this.started > 0) this.started -= 1;
  }

  free(nowMs: number): number {
    if (this.isIdle(nowMs)) return this.limit;
    return Math.max(0, this.limit - this.started);
  }

  isIdle(nowMs: number): boolean {
    return this.started === 0 || this.beginsAtMs(this.window + 1) <= nowMs;
  }

  /** The running window goes on from its beginning, as long or short as the new ones. */
  change(rate: Rate, nowMs: number): void {
    if (this.beganMs !== undefined) {
      this.moveTo(nowMs);
      this.beganMs = this.beginsAtMs(this.window);
      this.window = 0;
    }
    this.started = Math.min(this.started, rate.limit);
    this.limit = rate.limit;
    this.windowMs = rate.windowMs;
  }

  private beginsAtMs(window: number): number {
    return (this.beganMs ?? 0) + window * this.windowMs;
  }

  private moveTo(nowMs: number): void {
    this.beganMs ??= nowMs;
    if (nowMs < this.beginsAtMs(this.window + 1)) return;
    const counted = Math.floor((nowMs - this.beganMs) / this.windowMs);
    // A division may end just below a whole number; `beginsAtMs` is what callers were told.
    this.window = this.beginsAtMs(counted + 1) <= nowMs ? counted + 1 : counted;
    this.started = 0;
  }
}
