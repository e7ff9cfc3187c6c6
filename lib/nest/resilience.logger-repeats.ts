import type { Environment, Timer } from '../core/index.js';
import type { ResilienceLogLevel } from './resilience.logger.options.js';

/** Something that is worth a line. */
export interface LoggedFact {
  /** The same for facts that say the same, so that they can be told together. */
  readonly key: string;
  /** How severe it is. */
  readonly level: ResilienceLogLevel;
  /** What it says, without how often. */
  readonly text: string;
}

/** A fact that was told, and how often it has come again since. */
interface Repeated {
  last: LoggedFact;
  times: number;
  windowMs: number;
  timer: Timer;
}

const FIRST_WINDOW_MS = 10_000;
const LONGEST_WINDOW_MS = 300_000;
/** Facts that are followed at a time: names given to `execute` may come without end. */
const MOST_FACTS = 500;

/**
 * Tells a fact when it is new, and what comes again in one line when a window has passed: after 10 s, then after
 * twice as long each time, up to 5 min. A window in which it did not come ends that.
 */
export class LoggedRepeats {
  private readonly facts = new Map<string, Repeated>();

  constructor(
    private readonly environment: Pick<Environment, 'clock' | 'lifetime'>,
    private readonly tell: (fact: LoggedFact) => void,
  ) {
    environment.lifetime.onClosing(() => this.end());
  }

  /** Tells it now, or counts it. */
  add(fact: LoggedFact, shared: LoggedFact): void {
    const isFull = this.facts.size >= MOST_FACTS && !this.facts.has(fact.key);
    const told = isFull ? shared : fact;
    const known = this.facts.get(told.key);
    if (known !== undefined) {
      known.times += 1;
      known.last = told;
      return;
    }
    this.tell(told);
    if (!this.environment.lifetime.isClosing) this.follow(told);
  }

  private follow(fact: LoggedFact): void {
    const timer = this.armed(fact.key, FIRST_WINDOW_MS);
    this.facts.set(fact.key, { last: fact, times: 0, windowMs: FIRST_WINDOW_MS, timer });
  }

  private armed(key: string, windowMs: number): Timer {
    return this.environment.clock.schedule(windowMs, () => this.windowPassed(key), { idle: true });
  }

  private windowPassed(key: string): void {
    const repeated = this.facts.get(key);
    if (repeated === undefined) return;
    if (repeated.times === 0) {
      this.facts.delete(key);
      return;
    }
    this.tellTimes(repeated);
    repeated.times = 0;
    repeated.windowMs = Math.min(repeated.windowMs * 2, LONGEST_WINDOW_MS);
    repeated.timer = this.armed(key, repeated.windowMs);
  }

  /** What was counted is told before nobody is there to tell it. */
  private end(): void {
    for (const repeated of this.facts.values()) {
      repeated.timer.cancel();
      if (repeated.times > 0) this.tellTimes(repeated);
    }
    this.facts.clear();
  }

  private tellTimes({ last, times, windowMs }: Repeated): void {
    this.tell({ ...last, text: `${last.text} (${times} more within ${windowMs / 1_000} s)` });
  }
}
