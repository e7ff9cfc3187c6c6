import type { Clock } from '../../core/clock.js';
import { LimitedLine, type Plan } from './limited-line.js';

/** So many keys are kept without a look at whether they are still in use. */
const KEPT_KEYS = 1_000;
/** With each new key so many of the longest unused ones may go: more than come, so their number falls. */
const FORGOTTEN_AT_ONCE = 2;

/**
 * One line per key. A key is forgotten only when nobody would notice, so that no flood of keys gives anyone
 * more than the limit; beyond a thousand, those that are kept are the ones in use.
 */
export class KeyedLines {
  // In order of use, the longest unused key first.
  private readonly lines = new Map<string, LimitedLine>();

  constructor(
    private plan: Plan,
    private readonly clock: Clock,
  ) {}

  /** Number of keys that are kept now. */
  get size(): number {
    return this.lines.size;
  }

  /** Number of calls that wait, of all keys. */
  get queued(): number {
    let queued = 0;
    for (const line of this.lines.values()) queued += line.queued;
    return queued;
  }

  of(key: string, nowMs: number): LimitedLine {
    const known = this.lines.get(key);
    if (known !== undefined) {
      this.lines.delete(key);
      this.lines.set(key, known);
      return known;
    }
    if (this.lines.size >= KEPT_KEYS) this.forgetIdle(nowMs);
    const line = new LimitedLine(this.plan, this.clock);
    this.lines.set(key, line);
    return line;
  }

  /** Another plan holds from now on, for every key. */
  change(plan: Plan): void {
    this.plan = plan;
    for (const line of this.lines.values()) line.change(plan);
  }

  private forgetIdle(nowMs: number): void {
    let looks = FORGOTTEN_AT_ONCE;
    for (const [key, line] of this.lines) {
      this.lines.delete(key);
      // One that is in use goes to the end, where it does not stand before others that are not.
      if (!line.isIdle(nowMs)) this.lines.set(key, line);
      looks -= 1;
      if (looks === 0) return;
    }
  }
}
