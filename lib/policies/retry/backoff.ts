import type { BackoffType, ResolvedBackoffOptions } from './backoff.options.js';

/** A delay, and how much of it is chance. */
export interface OwnDelay {
  readonly delayMs: number;
  /** What the delay exceeds its least possible value by. */
  readonly randomMs: number;
}

/** What one delay is computed from. */
export interface DelayQuery {
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** The delay that was computed before that attempt; `undefined` before the first. */
  readonly previousDelayMs: number | undefined;
  /** A number in [0, 1); asked at most once. */
  readonly random: () => number;
}

/**
 * The delay after a failed attempt: a finite number from `minDelayMs` to `maxDelayMs`, jitter included. Where the
 * type is a function this is the exponential delay that stands in for a bad answer.
 */
export function delayAfter(options: ResolvedBackoffOptions, query: DelayQuery): OwnDelay {
  if (options.type === 'decorrelated') return atLeast(options.minDelayMs, decorrelated(options, query));
  const type = typeof options.type === 'function' ? 'exponential' : options.type;
  const base = atMost(capOf(options), grown(type, options, query.attempt));
  return atLeast(options.minDelayMs, jittered(base, options, query.random));
}

/** Before jitter and cap; `Infinity` where the power overflows. */
function grown(type: BackoffType | 'delays', options: ResolvedBackoffOptions, attempt: number): number {
  const { initialDelayMs, multiplier, incrementMs, delaysMs } = options;
  if (type === 'delays') return delaysMs[Math.min(attempt, delaysMs.length) - 1] ?? initialDelayMs;
  if (type === 'linear') return initialDelayMs + (attempt - 1) * incrementMs;
  // Nothing times infinity is not a number, and a delay of nothing stays nothing.
  if (type === 'fixed' || initialDelayMs === 0) return initialDelayMs;
  return initialDelayMs * multiplier ** (attempt - 1);
}

/** Marc Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015. */
function decorrelated(options: ResolvedBackoffOptions, query: DelayQuery): OwnDelay {
  const { initialDelayMs, maxDelayMs } = options;
  const widthMs = 3 * (query.previousDelayMs ?? initialDelayMs) - initialDelayMs;
  const delayMs = atMost(maxDelayMs, initialDelayMs + query.random() * widthMs);
  return { delayMs, randomMs: delayMs - initialDelayMs };
}

/** The cap comes before the jitter and leaves room for it, so that delays still spread at the cap. */
function capOf({ jitter, maxDelayMs }: ResolvedBackoffOptions): number {
  if (jitter === 'additive') return maxDelayMs / 2;
  return typeof jitter === 'number' ? maxDelayMs / (1 + jitter) : maxDelayMs;
}

function jittered(base: number, options: ResolvedBackoffOptions, random: () => number): OwnDelay {
  const { jitter, maxDelayMs } = options;
  if (jitter === 'none' || jitter === 0) return { delayMs: base, randomMs: 0 };
  const [leastMs, widthMs] = rangeOf(jitter, base);
  const randomMs = random() * widthMs;
  return { delayMs: atMost(maxDelayMs, leastMs + randomMs), randomMs };
}

function rangeOf(jitter: ResolvedBackoffOptions['jitter'], base: number): readonly [number, number] {
  if (jitter === 'equal') return [base / 2, base / 2];
  if (jitter === 'additive') return [base, base];
  return typeof jitter === 'number' ? [base * (1 - jitter), 2 * jitter * base] : [0, base];
}

/** The floor comes last: what of the delay's chance lies below it is no chance any more. */
function atLeast(minDelayMs: number, own: OwnDelay): OwnDelay {
  const leastMs = own.delayMs - own.randomMs;
  if (minDelayMs <= leastMs) return own;
  const delayMs = Math.max(own.delayMs, minDelayMs);
  return { delayMs, randomMs: delayMs - minDelayMs };
}

/** The smaller of the two; the cap where the value overflowed. */
function atMost(cap: number, value: number): number {
  return value < cap ? value : cap;
}
