import type { Call } from '../../core/call.js';
import type { Environment } from '../../core/environment.js';
import { InvalidOptionsError, withoutStack } from '../../core/errors.js';
import { type Admission, type Gate, type Permit, Refusal } from '../../core/rule.js';
import { KeyedLines } from './keyed-lines.js';
import { LimitedLine, PERMIT } from './limited-line.js';
import { RateLimitExceededError } from './rate-limiter.errors.js';
import type { ResolvedRateLimiterOptions } from './rate-limiter.options.js';

/** What a rate limiter is made of. */
export interface RateLimiterParts {
  /** Its name in registry, errors and metrics. */
  readonly name: string;
  readonly options: ResolvedRateLimiterOptions;
  readonly environment: Environment;
}

/** A rate limiter at one moment. */
export interface RateLimiterSnapshot {
  /** Its name in registry, errors and metrics. */
  readonly name: string;
  /** Calls that might start at once; `undefined` where each key has its own. */
  readonly available: number | undefined;
  /** Calls that wait now, of all keys. */
  readonly queued: number;
  /** Keys that are known now; 0 where calls have none. */
  readonly keys: number;
  /** Calls per window. */
  readonly limit: number;
  /** Length of a window. */
  readonly windowMs: number;
}

/**
 * Lets at most `limit` calls start per window. Later ones wait their turn where that comes soon enough, and
 * are refused at once where it does not; nobody overtakes, and a refused call uses nothing.
 */
export class RateLimiterRule implements Gate {
  /** Its name in registry, errors and metrics. */
  readonly name: string;
  readonly returnsOnCancel = false;
  readonly judgesValues = false;
  readonly environment: Environment;
  private readonly line: LimitedLine;
  private readonly keyed: KeyedLines;
  private settings: ResolvedRateLimiterOptions;

  constructor({ name, options, environment }: RateLimiterParts) {
    this.name = name;
    this.settings = options;
    this.environment = environment;
    this.line = new LimitedLine(options, environment.clock);
    this.keyed = new KeyedLines(options, environment.clock);
  }

  /** The options it runs under now. */
  get options(): ResolvedRateLimiterOptions {
    return this.settings;
  }

  admit(call: Call): Admission {
    const nowMs = this.environment.clock.nowMs();
    const line = this.settings.key === undefined ? this.line : this.lineOf(call, this.settings.key, nowMs);
    if (line instanceof Refusal) return line;
    if (line.tryStart(nowMs)) return PERMIT;
    const startsAtMs = line.startsAtMs(nowMs);
    if (startsAtMs - nowMs <= this.settings.maxWaitDurationMs) return line.join();
    return this.refuse(call, wholeWaitMs(nowMs, startsAtMs));
  }

  succeeded(): void {
    // A start is a start, whatever becomes of it.
  }

  failed(): void {
    // A start is a start, whatever becomes of it.
  }

  cancelled(): void {
    // A start is a start, whatever becomes of it.
  }

  /** A stream that a call has only shown, and that nobody has subscribed to, is no start. */
  withdrawn(_permit: Permit, call: Call): void {
    const { key } = this.settings;
    const line = key === undefined ? this.line : this.lineOf(call, key, this.environment.clock.nowMs());
    if (!(line instanceof Refusal)) line.undo();
  }

  snapshot(): RateLimiterSnapshot {
    const { name, keyed, line } = this;
    const { key, limit, windowMs } = this.settings;
    const available = key === undefined ? line.free(this.environment.clock.nowMs()) : undefined;
    return { name, available, queued: line.queued + keyed.queued, keys: keyed.size, limit, windowMs };
  }

  /** Changes the limits while calls wait: none of them is refused for it, some may start sooner or later. */
  reconfigure(options: ResolvedRateLimiterOptions): void {
    this.settings = options;
    this.line.change(options);
    this.keyed.change(options);
  }

  private lineOf(call: Call, keyOf: (...args: unknown[]) => string, nowMs: number): LimitedLine | Refusal {
    const { operation, args } = call;
    let key: unknown;
    try {
      key = keyOf(...args);
    } catch (error) {
      return new Refusal(error);
    }
    if (typeof key === 'string') return this.keyed.of(key, nowMs);
    const facts = { operation, policy: this.name, field: 'key', value: key };
    return new Refusal(
      new InvalidOptionsError({ ...facts, expected: `must give a text, gave ${typeof key}` }),
    );
  }

  private refuse(call: Call, retryAfterMs: number): Refusal {
    const { events } = this.environment;
    const facts = { operation: call.operation, policy: this.name, retryAfterMs };
    if (events.isAwaited('rate-limiter.rejected')) events.emit({ kind: 'rate-limiter.rejected', ...facts });
    return new Refusal(withoutStack(() => new RateLimitExceededError(facts)));
  }
}

/** Whole milliseconds after which a call does start; the sum decides, the difference was rounded. */
function wholeWaitMs(nowMs: number, startsAtMs: number): number {
  const waitMs = Math.ceil(startsAtMs - nowMs);
  if (nowMs + waitMs < startsAtMs) return waitMs + 1;
  return nowMs + waitMs - 1 >= startsAtMs ? waitMs - 1 : waitMs;
}
