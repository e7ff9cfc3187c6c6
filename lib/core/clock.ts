import { AsyncResource } from 'node:async_hooks';

/** A task that is planned; cancelling it twice, or after it ran, does nothing. */
export interface Timer {
  /** Takes the task back; harmless when it has run or was taken back before. */
  cancel(): void;
}

/** How a planned task treats the process it runs in. */
export interface TimerOptions {
  /**
   * `true` for housekeeping: the timer neither keeps the process alive nor holds its creator's async context.
   *
   * @defaultValue false
   */
  readonly idle?: boolean;
  /**
   * `true` for a timer that serves many callers: it holds the async context of none of them.
   *
   * @defaultValue false
   */
  readonly detached?: boolean;
}

/**
 * The only source of time, chance and timers. Everything in this package that waits, measures or draws a
 * number asks a clock, so a test can replace all of it with one object (`ManualClock` of the testing door).
 */
export interface Clock {
  /** Monotonic milliseconds; never steps back. */
  nowMs(): number;
  /**
   * Monotonic milliseconds that may lag behind {@link Clock.nowMs}: by a few milliseconds of a running event
   * loop, and by at most 256 readings while the loop is blocked. For bookkeeping that tolerates it; a reading of
   * `nowMs` brings it up to date.
   */
  coarseMs(): number;
  /** Milliseconds since 1970, for dates that others wrote; may step in either direction. */
  wallMs(): number;
  /** A number in [0, 1). */
  random(): number;
  /**
   * Runs the task once after the delay, however long that is, in the async context of the caller. Without a delay
   * it runs in the next turn of the event loop.
   */
  schedule(delayMs: number, task: () => void, options?: TimerOptions): Timer;
  /** Runs the task soon, when what runs now has ended; it does not keep the process alive. */
  soon(task: () => void): void;
}

/** Runs what belongs to nobody in particular outside of every request's async context. */
const NOBODY = new AsyncResource('nestjs-selfheal');

/** Node fires a timer that is longer than this after 1 ms; longer waits are made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const COARSE_TICK_MS = 5;
const COARSE_READINGS = 256;

/** A moment as other code writes it: milliseconds since 1970, or a date. */
export type WallTime = Date | number;

/** Milliseconds since 1970. */
export function wallTimeMs(time: WallTime): number {
  return Number(time);
}

/**
 * The function, always run in the async context in which this was asked. Node 20's `AsyncResource.bind` does the same
 * for forty times the price (13 µs), since it makes a deprecated property for each function it binds.
 */
export function inThisContext<A extends readonly unknown[]>(
  task: (...args: A) => void,
): (...args: A) => void {
  const context = new AsyncResource('nestjs-selfheal');
  return (...args) => context.runInAsyncScope(task, undefined, ...args);
}

/** What a timer runs: in its creator's async context, or in nobody's where it serves nobody in particular. */
export function timerTask(task: () => void, { idle, detached }: TimerOptions = {}): () => void {
  const isNobodys = idle === true || detached === true;
  return isNobodys ? () => NOBODY.runInAsyncScope(task) : inThisContext(task);
}

/** Runs the task in the next turn of the event loop: what is resolved by now has had its consequences. */
export function nextTurn(task: () => void): void {
  setImmediate(task);
}

/** Runs the task when all that is resolved by now has had its consequences, in the same turn of the event loop. */
export function afterConsequences(task: () => void): void {
  process.nextTick(task);
}

class SystemTimer implements Timer {
  private handle: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private readonly dueMs: number;

  constructor(
    delayMs: number,
    private readonly task: () => void,
    private readonly options: TimerOptions,
  ) {
    this.dueMs = performance.now() + delayMs;
    this.arm(delayMs);
  }

  /** Takes the task back; harmless when it has run or was taken back before. */
  cancel(): void {
    clearTimeout(this.handle);
    clearImmediate(this.immediate);
  }

  private arm(delayMs: number): void {
    const { idle, detached } = this.options;
    if (idle === true || detached === true) NOBODY.runInAsyncScope(() => this.start(delayMs));
    else this.start(delayMs);
    if (idle !== true) return;
    this.handle?.unref();
    this.immediate?.unref();
  }

  private start(delayMs: number): void {
    if (delayMs <= 0) {
      this.immediate = setImmediate(this.task);
      return;
    }
    this.handle = setTimeout(() => this.ring(), Math.min(Math.ceil(delayMs), LONGEST_TIMER_MS));
  }

  private ring(): void {
    // Node counts a timer from the loop's cached time and may be early by a fraction of a millisecond.
    const leftMs = this.dueMs - performance.now();
    if (leftMs > 0) return this.arm(leftMs);
    this.task();
  }
}

/** The clock of the machine. */
export class SystemClock implements Clock {
  private coarse = 0;
  private readingsLeft = 0;
  private isTicking = false;
  private readonly tick = (): void => {
    this.isTicking = false;
    this.readingsLeft = 0;
  };

  /** Monotonic milliseconds of the machine. */
  nowMs(): number {
    return (this.coarse = performance.now());
  }

  /** The same, at most a few milliseconds old. */
  coarseMs(): number {
    if (this.readingsLeft > 0) {
      this.readingsLeft -= 1;
      return this.coarse;
    }
    return this.refresh();
  }

  /** Milliseconds since 1970 by the machine. */
  wallMs(): number {
    return Date.now();
  }

  /** A number in [0, 1). */
  random(): number {
    return Math.random();
  }

  /** Runs the task once after the delay. */
  schedule(delayMs: number, task: () => void, options: TimerOptions = {}): Timer {
    return new SystemTimer(delayMs, task, options);
  }

  /** Runs the task soon, without keeping the process alive. */
  soon(task: () => void): void {
    setImmediate(task).unref();
  }

  private refresh(): number {
    this.readingsLeft = COARSE_READINGS;
    if (!this.isTicking) {
      this.isTicking = true;
      setTimeout(this.tick, COARSE_TICK_MS).unref();
    }
    return this.nowMs();
  }
}
