import type { OptionCheck } from '../../core/check.js';
import { type Duration, parseDuration } from '../../core/duration.js';

/** A wait that grows with every opening that follows a failed probe, and starts again after a close. */
export interface GrowingWait {
  /**
   * The wait of the first opening, above 0.
   *
   * @defaultValue '1s'
   */
  readonly initialDelay?: Duration;
  /**
   * How many times longer each further wait is, at least 1.
   *
   * @defaultValue 2
   */
  readonly multiplier?: number;
  /**
   * No wait is longer; at least `initialDelay`.
   *
   * @defaultValue '30s'
   */
  readonly maxDelay?: Duration;
}

/** What a function that decides the wait is told. */
export interface OpeningInfo {
  /** 1 for an opening out of closed, one more for each that follows a failed probe. */
  readonly consecutiveOpens: number;
}

/** Decides how long a breaker stays open; asked once per opening. */
export type OpenWaitFunction = (opening: OpeningInfo) => Duration;

/** A growing wait in milliseconds; one that does not grow has the multiplier 1. */
export interface ResolvedGrowingWait {
  readonly initialDelayMs: number;
  readonly multiplier: number;
  readonly maxDelayMs: number;
}

/** The growing wait where nothing else is said. */
export const GROWING_WAIT_DEFAULTS = { initialDelay: '1s', multiplier: 2, maxDelay: '30s' } as const;

const DEFAULT_WAIT: ResolvedGrowingWait = { initialDelayMs: 1_000, multiplier: 2, maxDelayMs: 30_000 };
const FIELD = 'waitDurationInOpenState';

/** @throws {InvalidOptionsError} unless all waits are above 0 and `initialDelay` is at most `maxDelay` */
export function resolveOpenWait(
  check: OptionCheck,
  given: Duration | GrowingWait | OpenWaitFunction,
): ResolvedGrowingWait | OpenWaitFunction {
  if (typeof given === 'function') return given;
  if (typeof given === 'object' && given !== null) return resolveGrowingWait(check, given);
  const delayMs = check.positiveDurationMs(FIELD, given);
  return { initialDelayMs: delayMs, multiplier: 1, maxDelayMs: delayMs };
}

function resolveGrowingWait(check: OptionCheck, given: GrowingWait): ResolvedGrowingWait {
  check.onlyKnown(given, Object.keys(GROWING_WAIT_DEFAULTS), FIELD);
  const defaults = GROWING_WAIT_DEFAULTS;
  const {
    initialDelay = defaults.initialDelay,
    multiplier = defaults.multiplier,
    maxDelay = defaults.maxDelay,
  } = given;
  const wait = {
    initialDelayMs: check.positiveDurationMs(`${FIELD}.initialDelay`, initialDelay),
    multiplier: check.number(`${FIELD}.multiplier`, multiplier, 1),
    maxDelayMs: check.positiveDurationMs(`${FIELD}.maxDelay`, maxDelay),
  };
  if (wait.initialDelayMs <= wait.maxDelayMs) return wait;
  const expected = `must be at most maxDelay (${wait.maxDelayMs} ms)`;
  return check.refuse(`${FIELD}.initialDelay`, initialDelay, expected);
}

/** min(`maxDelay`, `initialDelay` · `multiplier` ^ (`consecutiveOpens` − 1)), in milliseconds. */
export function growingWaitMs(wait: ResolvedGrowingWait, consecutiveOpens: number): number {
  return Math.min(wait.maxDelayMs, wait.initialDelayMs * wait.multiplier ** (consecutiveOpens - 1));
}

/**
 * How long an opening lasts. A function that throws, or answers no duration above 0, is reported and the
 * default growing wait takes its place.
 */
export function openWaitMs(
  wait: ResolvedGrowingWait | OpenWaitFunction,
  consecutiveOpens: number,
  report: (error: unknown) => void,
): number {
  if (typeof wait !== 'function') return growingWaitMs(wait, consecutiveOpens);
  try {
    const answer = wait({ consecutiveOpens });
    const waitMs = parseDuration(answer);
    if (waitMs !== undefined && waitMs > 0) return waitMs;
    report(new TypeError(`${FIELD} answered ${String(answer)}, which is no duration above 0`));
  } catch (error) {
    report(error);
  }
  return growingWaitMs(DEFAULT_WAIT, consecutiveOpens);
}
