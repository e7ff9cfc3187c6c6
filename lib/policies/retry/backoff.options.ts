import type { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';
import { withDefaults } from '../../core/with-defaults.js';
import type { BackoffContext } from './retry-hooks.js';

const TYPES = ['fixed', 'linear', 'exponential', 'decorrelated'] as const;
const JITTERS = ['none', 'full', 'equal', 'additive'] as const;

/** How delays grow from attempt to attempt. */
export type BackoffType = (typeof TYPES)[number];

/** Answers the delay after a failed attempt; it is taken exactly as it is, neither capped nor jittered. */
export type BackoffFunction = (context: BackoffContext) => Duration;

/** How delays are spread, so that callers that failed together do not come back together. */
export type Jitter = (typeof JITTERS)[number];

/** The delays between attempts. */
export interface BackoffOptions {
  /** How delays grow, or a function that answers each. @defaultValue 'exponential' */
  readonly type?: BackoffType | BackoffFunction;
  /**
   * In the place of `type`: the delays themselves, before jitter, the last one repeated. At least one, each at most
   * `maxDelay`. Of two places that speak of one method, the stronger one's `type` or `delays` counts.
   *
   * @defaultValue none
   */
  readonly delays?: readonly Duration[];
  /** The delay before the second attempt, before jitter; at most `maxDelay`. @defaultValue '100ms' */
  readonly initialDelay?: Duration;
  /** What an exponential delay is multiplied by each time; at least 1. @defaultValue 2 */
  readonly multiplier?: number;
  /** What a linear delay grows by each time. @defaultValue `initialDelay` */
  readonly increment?: Duration;
  /** No delay that a type computes, or a list names, is ever longer, jitter included. @defaultValue '20s' */
  readonly maxDelay?: Duration;
  /** No such delay is ever shorter: applied last, after cap and jitter; at most `maxDelay`. @defaultValue 0 */
  readonly minDelay?: Duration;
  /** The kind of spread, or a ratio r, 0..1, for ±r. @defaultValue 'full' */
  readonly jitter?: Jitter | number;
}

/** Checked options of a backoff, all of them present. */
export interface ResolvedBackoffOptions {
  readonly type: BackoffType | 'delays' | BackoffFunction;
  /** At least one where the type is `'delays'`, otherwise none. */
  readonly delaysMs: readonly number[];
  readonly initialDelayMs: number;
  readonly multiplier: number;
  readonly incrementMs: number;
  readonly maxDelayMs: number;
  readonly minDelayMs: number;
  readonly jitter: Jitter | number;
}

/** What holds where an option is not given. */
export const BACKOFF_DEFAULTS = {
  type: 'exponential',
  initialDelay: '100ms',
  multiplier: 2,
  maxDelay: '20s',
  minDelay: 0,
  jitter: 'full',
} as const satisfies BackoffOptions;

type Defaulted = Required<Pick<BackoffOptions, keyof typeof BACKOFF_DEFAULTS>>;

/** Every option, checked for completeness by its type. */
const KNOWN: Readonly<Record<keyof BackoffOptions, true>> = {
  type: true,
  delays: true,
  initialDelay: true,
  multiplier: true,
  increment: true,
  maxDelay: true,
  minDelay: true,
  jitter: true,
};

/**
 * Fills and checks the options of a backoff.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveBackoffOptions(check: OptionCheck, given: BackoffOptions): ResolvedBackoffOptions {
  check.onlyKnown(given, Object.keys(KNOWN), 'backoff');
  if (given.delays !== undefined && given.type !== undefined) {
    check.refuse('backoff.delays', given.delays, 'takes the place of backoff.type: give one of the two');
  }
  const options = withDefaults<Defaulted, BackoffOptions>(BACKOFF_DEFAULTS, given);
  const { delays, increment = options.initialDelay } = options;
  const resolved: ResolvedBackoffOptions = {
    type: delays === undefined ? checkedType(check, options.type) : 'delays',
    delaysMs: delays === undefined ? [] : checkedDelays(check, delays),
    initialDelayMs: check.durationMs('backoff.initialDelay', options.initialDelay),
    multiplier: check.number('backoff.multiplier', options.multiplier, 1),
    incrementMs: check.durationMs('backoff.increment', increment),
    maxDelayMs: check.durationMs('backoff.maxDelay', options.maxDelay),
    minDelayMs: check.durationMs('backoff.minDelay', options.minDelay),
    jitter: checkedJitter(check, options.jitter),
  };
  checkBounds(check, resolved, options);
  return resolved;
}

/** What the longest delay allows. A function needs no bounds; they only shape what replaces a bad answer. */
function checkBounds(check: OptionCheck, resolved: ResolvedBackoffOptions, given: BackoffOptions): void {
  const { type, delaysMs, initialDelayMs, minDelayMs, maxDelayMs } = resolved;
  const remedy = `must be at most maxDelay (${given.maxDelay})`;
  if (minDelayMs > maxDelayMs) check.refuse('backoff.minDelay', given.minDelay, remedy);
  if (typeof type === 'function') return;
  const tooLong = delaysMs.findIndex((each) => each > maxDelayMs);
  if (tooLong >= 0) check.refuse(`backoff.delays[${tooLong}]`, given.delays?.[tooLong], remedy);
  if (type !== 'delays' && initialDelayMs > maxDelayMs) {
    check.refuse('backoff.initialDelay', given.initialDelay, remedy);
  }
}

function checkedDelays(check: OptionCheck, value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) {
    return check.refuse('backoff.delays', value, 'must be a list of at least one delay');
  }
  return value.map((each: Duration, index) => check.durationMs(`backoff.delays[${index}]`, each));
}

function checkedType(check: OptionCheck, value: unknown): BackoffType | BackoffFunction {
  // What a function answers is checked each time it is asked.
  if (typeof value === 'function') return value as BackoffFunction;
  const word = TYPES.find((each) => each === value);
  const words = TYPES.map((each) => `'${each}'`).join(', ');
  return word ?? check.refuse('backoff.type', value, `must be one of ${words}, or a function`);
}

function checkedJitter(check: OptionCheck, value: unknown): Jitter | number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  const word = JITTERS.find((each) => each === value);
  if (word !== undefined) return word;
  const hint =
    typeof value === 'number' && value > 1 && value <= 100 ? ` (did you mean ${value / 100}?)` : '';
  const words = JITTERS.map((each) => `'${each}'`).join(', ');
  return check.refuse('backoff.jitter', value, `must be one of ${words}, or a ratio from 0 to 1${hint}`);
}
