/** How many starts there may be per window. */
export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

/**
 * Says when calls may start. It knows those that did start; those that wait are only a number to it, so one
 * that leaves needs no undoing. Every question costs the same, whatever the limit.
 */
export interface Schedule {
  /** The time at which a call may start that has so many others before it; not before `nowMs`. */
  startsAtMs(nowMs: number, ahead: number): number;
  /** A call starts now; asked only when it may. */
  start(nowMs: number): void;
  /** The call that has just started did not begin after all. */
  undo(): void;
  /** Number of calls that might start now. */
  free(nowMs: number): number;
  /** Whether everything that it remembers lies too far back to matter. */
  isIdle(nowMs: number): boolean;
  /** Another rate holds from now on; what has started counts against it. */
  change(rate: Rate, nowMs: number): void;
}
