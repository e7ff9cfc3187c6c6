import { inThisContext } from './clock.js';
import { type Permit, type Refusal, Turn } from './rule.js';

/**
 * Calls that wait for their turn, first in, first out. To join, to leave and to be served cost the same
 * however many wait.
 */
export class WaitingLine {
  private first: Waiter | undefined;
  private last: Waiter | undefined;
  private count = 0;

  /** Number of calls that wait. */
  get length(): number {
    return this.count;
  }

  /** Joins at the end; `left` is called once when the waiter goes, by its turn or before it. */
  join(left: () => void): Waiter {
    const waiter = new Waiter(this, left);
    waiter.previous = this.last;
    if (this.last === undefined) this.first = waiter;
    else this.last.next = waiter;
    this.last = waiter;
    this.count += 1;
    return waiter;
  }

  /** Gives the first of the line its turn; `false` where nobody waits. */
  serveFirst(permit: Permit): boolean {
    if (this.first === undefined) return false;
    this.first.settle(permit);
    return true;
  }

  /** Takes a waiter out wherever it stands; each waiter asks this once. */
  remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    waiter.previous = undefined;
    waiter.next = undefined;
    this.count -= 1;
  }
}

type Callback = (admission: Permit | Refusal) => void;

/** One call in a line. It hears of its turn at most once, and in the async context in which it asked. */
export class Waiter extends Turn {
  /** Neighbours in the line; the line's own. */
  previous: Waiter | undefined;
  next: Waiter | undefined;
  private isWaiting = true;
  private callback: Callback | undefined;
  private admission: Permit | Refusal | undefined;

  constructor(
    private readonly line: WaitingLine,
    private readonly left: () => void,
  ) {
    super();
  }

  onTurn(callback: Callback): void {
    if (this.admission !== undefined) callback(this.admission);
    else if (this.isWaiting) this.callback = inThisContext(callback);
  }

  leave(): void {
    if (this.isWaiting) this.go();
  }

  /** The turn has come, or will not come; harmless for one that has left or was served. */
  settle(admission: Permit | Refusal): void {
    if (!this.isWaiting) return;
    this.admission = admission;
    this.go();
    this.callback?.(admission);
    this.callback = undefined;
  }

  private go(): void {
    this.isWaiting = false;
    this.line.remove(this);
    this.left();
  }
}
