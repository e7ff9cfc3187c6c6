import {
  type Clock,
  nextTurn,
  type Timer,
  type TimerOptions,
  timerTask,
  type WallTime,
  wallTimeMs,
} from '../core/clock.js';

/** Settings of a {@link ManualClock}. */
export interface ManualClockOptions {
  /**
   * The wall time at monotonic 0.
   *
   * @defaultValue 2026-11-22T12:00:00Z
   */
  readonly startsAt?: WallTime;
  /**
   * Numbers in [0, 1) for everything random: one for always, a list that is repeated, or a function.
   *
   * @defaultValue 0.5
   */
  readonly random?: number | readonly number[] | (() => number);
}

interface Planned extends Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly isIdle: boolean;
  readonly run: () => void;
}

/** 2026-11-22T12:00:00Z. */
const DEFAULT_START_MS = 1_795_348_800_000;
/** Turns of the event loop that a resolved promise gets to have its consequences between two moments. */
const SETTLING_TURNS = 2;

/**
 * Time that stands still until a test moves it. Drives every delay, window, time limit and random number of
 * this package; real time passes only in the few turns that promises need to settle.
 */
export class ManualClock implements Clock {
  private monotonicMs = 0;
  private planned: Planned[] = [];
  private sequence = 0;
  private draws = 0;
  private wallOffsetMs: number;
  private source: number | readonly number[] | (() => number);

  constructor(options: ManualClockOptions = {}) {
    this.wallOffsetMs = wallTimeMs(options.startsAt ?? DEFAULT_START_MS);
    this.source = options.random ?? 0.5;
  }

  /** Timers that somebody waits for and that have not run yet; housekeeping does not count. */
  get pendingTimers(): number {
    return this.planned.filter((each) => !each.isIdle).length;
  }

  /** All timers that have not run yet, housekeeping included. */
  get allTimers(): number {
    return this.planned.length;
  }

  /** Milliseconds that the test has moved it by. */
  nowMs(): number {
    return this.monotonicMs;
  }

  /** The same: nothing is coarse while time stands still. */
  coarseMs(): number {
    return this.monotonicMs;
  }

  /** Milliseconds since 1970, from the given start on. */
  wallMs(): number {
    return this.wallOffsetMs + this.monotonicMs;
  }

  /** The number that the test has chosen. */
  random(): number {
    const { source } = this;
    if (typeof source === 'number') return source;
    if (typeof source === 'function') return source();
    const number = source[this.draws % source.length] ?? 0;
    this.draws += 1;
    return number;
  }

  /** What `random` gives from now on. */
  setRandom(source: number | readonly number[] | (() => number)): void {
    this.source = source;
    this.draws = 0;
  }

  /** Moves the wall clock alone, as an administrator or a leap would; monotonic time does not notice. */
  shiftWall(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  /** Plans the task; it runs when the test has moved time so far. */
  schedule(delayMs: number, task: () => void, options?: TimerOptions): Timer {
    const planned: Planned = {
      dueMs: this.monotonicMs + Math.max(0, delayMs),
      order: (this.sequence += 1),
      isIdle: options?.idle === true,
      run: timerTask(task, options),
      cancel: () => {
        this.planned = this.planned.filter((each) => each !== planned);
      },
    };
    this.planned.push(planned);
    if (delayMs <= 0) nextTurn(() => this.runIfPlanned(planned));
    return planned;
  }

  /** Runs the task at once. */
  soon(task: () => void): void {
    task();
  }

  /**
   * Moves time forward by so many milliseconds. Everything that is due on the way happens at its own moment, in
   * order, and promises settle in between.
   */
  async advance(byMs: number): Promise<void> {
    await this.advanceTo(this.monotonicMs + byMs);
  }

  /** Moves time forward to this moment, in milliseconds from the start; see {@link ManualClock.advance}. */
  async advanceTo(atMs: number): Promise<void> {
    await this.settle();
    for (let next = this.nextDue(atMs); next !== undefined; next = this.nextDue(atMs)) {
      next.cancel();
      this.monotonicMs = Math.max(this.monotonicMs, next.dueMs);
      next.run();
      await this.settle();
    }
    this.monotonicMs = Math.max(this.monotonicMs, atMs);
    await this.settle();
  }

  /** Runs everything that is planned, and what that plans, until nothing is left that somebody waits for. */
  async runAll(): Promise<void> {
    await this.settle();
    while (this.pendingTimers > 0) {
      const next = this.nextDue(Number.POSITIVE_INFINITY);
      if (next === undefined) return;
      await this.advanceTo(next.dueMs);
    }
  }

  /** Lets promises that are already resolved have their consequences; time does not move. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < SETTLING_TURNS; turn += 1) {
      await new Promise<void>(nextTurn);
    }
  }

  /** What has no delay is due already: it needs a turn of the event loop, not time. */
  private runIfPlanned(planned: Planned): void {
    if (!this.planned.includes(planned)) return;
    planned.cancel();
    planned.run();
  }

  private nextDue(atMs: number): Planned | undefined {
    let next: Planned | undefined;
    for (const each of this.planned) {
      if (each.dueMs > atMs) continue;
      const isEarlier =
        next === undefined ||
        each.dueMs < next.dueMs ||
        (each.dueMs === next.dueMs && each.order < next.order);
      if (isEarlier) next = each;
    }
    return next;
  }
}
