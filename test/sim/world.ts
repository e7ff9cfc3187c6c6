import { ManualClock } from 'nestjs-selfheal/testing';
import { Chance } from './chance.js';

interface Happening {
  readonly atMs: number;
  readonly task: () => void;
}

/** Far apart seeds for the world and for what draws numbers in it. */
const SECOND_STREAM = 0x9e3779b9;

/**
 * What stands outside of the policies: arrivals, networks, servers. It lives on the same manual clock as they do and
 * draws from a stream of its own, so with one seed the world is the same for every policy.
 */
export class World {
  readonly clock: ManualClock;
  readonly chance: Chance;
  private readonly heap: Happening[] = [];
  private planned: { readonly atMs: number; cancel(): void } | undefined;

  constructor(seed: number) {
    this.chance = new Chance(seed);
    const policies = new Chance(seed ^ SECOND_STREAM);
    this.clock = new ManualClock({ random: () => policies.next() });
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  /** Lets something happen after so many milliseconds. */
  after(delayMs: number, task: () => void): void {
    this.push({ atMs: this.nowMs + delayMs, task });
    this.plan();
  }

  /** Resolves after so many milliseconds. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** The arrivals of a Poisson process, until a time. */
  arrivals(perSecond: number, untilMs: number, onArrival: () => void): void {
    const next = (): void => {
      const delayMs = this.chance.exponential(1_000 / perSecond);
      if (this.nowMs + delayMs >= untilMs) return;
      this.after(delayMs, () => {
        onArrival();
        next();
      });
    };
    next();
  }

  /** Moves on to that time. */
  run(untilMs: number): Promise<void> {
    return this.clock.advanceTo(untilMs);
  }

  /** Moves on until a promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    while (!isSettled) await this.clock.advance(100);
    return settled;
  }

  /** The clock looks at all its timers for the next: the world has only its own next among them. */
  private plan(): void {
    const first = this.heap[0];
    if (first === undefined || (this.planned !== undefined && this.planned.atMs <= first.atMs)) return;
    this.planned?.cancel();
    const { atMs } = first;
    const timer = this.clock.schedule(atMs - this.nowMs, () => this.happen(), { detached: true });
    this.planned = { atMs, cancel: () => timer.cancel() };
  }

  private happen(): void {
    this.planned = undefined;
    for (let first = this.heap[0]; first !== undefined && first.atMs <= this.nowMs; first = this.heap[0]) {
      this.pop();
      first.task();
    }
    this.plan();
  }

  private push(happening: Happening): void {
    const { heap } = this;
    let at = heap.push(happening) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.dueAt(above) <= happening.atMs) break;
      this.swap(at, above);
      at = above;
    }
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const least = this.dueAt(left + 1) < this.dueAt(left) ? left + 1 : left;
      if (this.dueAt(least) >= last.atMs) return;
      this.swap(at, least);
      at = least;
    }
  }

  private dueAt(at: number): number {
    return this.heap[at]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  private swap(one: number, other: number): void {
    const { heap } = this;
    const [first, second] = [heap[one], heap[other]];
    if (first === undefined || second === undefined) return;
    heap[one] = second;
    heap[other] = first;
  }
}
