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
  /** The delay before the second attempt, before jitter; at most `maxDelay`. @defaultValue '100ms' */
  readonly initialDelay?: Duration;
  /** What an exponential delay is multiplied by each time; at least 1. @defaultValue 2 */
  readonly multiplier?: number;
  /** No delay that a type computes is ever longer, jitter included. @defaultValue '20s' */
  readonly maxDelay?: Duration;
  /** The kind of spread, or a ratio r, 0..1, for ±r. @defaultValue 'full' */
  readonly jitter?: Jitter | number;
}

/** Checked options of a backoff, all of them present. */
export interface ResolvedBackoffOptions {
  readonly type: BackoffType | BackoffFunction;
  readonly initialDelayMs: number;
  readonly multiplier: number;
  readonly maxDelayMs: number;
  readonly jitter: Jitter | number;
}

/** What holds where an option is not given. */
export const BACKOFF_DEFAULTS = {
  type: 'exponential',
  initialDelay: '100ms',
  multiplier: 2,
  maxDelay: '20s',
  jitter: 'full',
} as const satisfies BackoffOptions;

const KNOWN = ['type', 'initialDelay', 'multiplier', 'maxDelay', 'jitter'];

/**
 * Fills and checks the options of a backoff.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveBackoffOptions(check: OptionCheck, given: BackoffOptions): ResolvedBackoffOptions {
  check.onlyKnown(given, KNOWN, 'backoff');
  const options = withDefaults<Required<BackoffOptions>, BackoffOptions>(BACKOFF_DEFAULTS, given);
  const resolved: ResolvedBackoffOptions = {
    type: checkedType(check, options.type),
    initialDelayMs: check.durationMs('backoff.initialDelay', options.initialDelay),
    multiplier: check.number('backoff.multiplier', options.multiplier, 1),
    maxDelayMs: check.durationMs('backoff.maxDelay', options.maxDelay),
    jitter: checkedJitter(check, options.jitter),
  };
  // A function needs neither of the two; they only shape the delay that replaces a bad answer.
  if (typeof resolved.type !== 'function' && resolved.initialDelayMs > resolved.maxDelayMs) {
    check.refuse(
      'backoff.initialDelay',
      options.initialDelay,
      `must be at most maxDelay (${options.maxDelay})`,
    );
  }
  return resolved;
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
