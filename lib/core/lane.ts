import type { Clock, Timer } from './clock.js';

/** Something that ends at a time, kept in a lane; its owner provides the links, so entering costs no object. */
export interface LaneEntry {
  laneDueMs: number;
  lanePrevious: LaneEntry | undefined;
  laneNext: LaneEntry | undefined;
  /** Called once when the time has passed, unless the entry left before. */
  timeUp(): void;
}

/**
 * All time limits of one length: the first that enters is the first that ends, so one timer serves them all.
 * A timer per call would cost ten times the call (George Varghese and Tony Lauck, "Hashed and hierarchical
 * timing wheels", SOSP 1987; the same lists stand behind Node's own timers).
 */
export class Lane {
  private first: LaneEntry | undefined;
  private last: LaneEntry | undefined;
  private timer: Timer | undefined;
  private isRinging = false;
  private isIdleCheckPlanned = false;

  constructor(
    readonly durationMs: number,
    private readonly clock: Clock,
  ) {}

  /** The entry's time begins now. */
  enter(entry: LaneEntry): void {
    entry.laneDueMs = this.clock.nowMs() + this.durationMs;
    entry.lanePrevious = this.last;
    entry.laneNext = undefined;
    if (this.last === undefined) this.first = entry;
    else this.last.laneNext = entry;
    this.last = entry;
    // Who enters out of its own `timeUp` may stand behind others, which are due before it.
    if (this.timer === undefined && !this.isRinging) this.arm(this.durationMs);
  }

  /** The entry ended by itself; harmless for one that is not in the lane. */
  leave(entry: LaneEntry): void {
    const { lanePrevious, laneNext } = entry;
    if (lanePrevious === undefined && this.first !== entry) return;
    if (lanePrevious === undefined) this.first = laneNext;
    else lanePrevious.laneNext = laneNext;
    if (laneNext === undefined) this.last = lanePrevious;
    else laneNext.lanePrevious = lanePrevious;
    entry.lanePrevious = undefined;
    entry.laneNext = undefined;
    if (this.first === undefined) this.planIdleCheck();
  }

  private arm(delayMs: number): void {
    this.timer = this.clock.schedule(delayMs, () => this.ring(), { detached: true });
  }

  private ring(): void {
    this.timer = undefined;
    this.isRinging = true;
    const nowMs = this.clock.nowMs();
    while (this.first !== undefined && this.first.laneDueMs <= nowMs) {
      const entry = this.first;
      this.leave(entry);
      entry.timeUp();
    }
    this.isRinging = false;
    if (this.first !== undefined && this.timer === undefined) this.arm(this.first.laneDueMs - nowMs);
  }

  /** An empty lane gives its timer up once per turn at most: calls that follow each other would fight over it. */
  private planIdleCheck(): void {
    if (this.isIdleCheckPlanned) return;
    this.isIdleCheckPlanned = true;
    this.clock.soon(() => {
      this.isIdleCheckPlanned = false;
      if (this.first !== undefined) return;
      this.timer?.cancel();
      this.timer = undefined;
    });
  }
}

/** The lanes of one application, one for each length that is in use. */
export class Lanes {
  private readonly lanes = new Map<number, Lane>();

  constructor(private readonly clock: Clock) {}

  of(durationMs: number): Lane {
    const known = this.lanes.get(durationMs);
    if (known !== undefined) return known;
    const lane = new Lane(durationMs, this.clock);
    this.lanes.set(durationMs, lane);
    return lane;
  }
}
