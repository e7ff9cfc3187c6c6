/**
 * One worker, first in first out, that also does the work whose caller has given up:
 * so an outage leaves a backlog behind, as it does in a real service.
 */
export class WorkQueue {
  private freeAtMs = 0;

  constructor(private readonly workMs: number) {}

  /** Adds one piece of work and says when it will be done; none is done before `notBeforeMs`. */
  add(nowMs: number, notBeforeMs = nowMs): number {
    this.freeAtMs = Math.max(this.freeAtMs, nowMs, notBeforeMs) + this.workMs;
    return this.freeAtMs;
  }
}
