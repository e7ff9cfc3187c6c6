import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';
import { withDefaults } from '../../core/with-defaults.js';

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** A percentile of the recent successes' durations, from `'p50'` to `'p99'`. */
export type HedgePercentile = `p${5 | 6 | 7 | 8 | 9}${Digit}`;

/** When a slow attempt gets company, and how much of it. */
export interface HedgeOptions {
  /**
   * How long after the start of one attempt the next one starts beside it, if none has succeeded: a time, 0 for all
   * at once, or a percentile of how long recent successes took, which hedges nothing until 20 calls have succeeded.
   *
   * @defaultValue 'p95'
   */
  readonly delay?: Duration | HedgePercentile;
  /**
   * Attempts that may be started beside the first, at least 1.
   *
   * @defaultValue 1
   */
  readonly maxHedgedAttempts?: number;
  /**
   * Name of the retry budget that hedges are taken from, or `false` for none.
   *
   * @defaultValue that of the method's retry; `'default'` where it has none
   */
  readonly budget?: string | false;
}

/** Checked options of one method; exactly one of the two delays is given. */
export interface ResolvedHedgeOptions {
  /** Milliseconds from the start of one attempt to that of the next. */
  readonly delayMs: number | undefined;
  /** In the place of a fixed delay: a percentile of recent durations, 50..99. */
  readonly delayPercentile: number | undefined;
  readonly maxHedgedAttempts: number;
  /** `undefined` where nothing is said: then it is the retry's. */
  readonly budget: string | false | undefined;
}

/** What holds where an option is not given. */
export const HEDGE_DEFAULTS = { delay: 'p95', maxHedgedAttempts: 1 } as const satisfies HedgeOptions;

/** The same with the types of the options, which what is given may have. */
const DEFAULTS: Required<Pick<HedgeOptions, keyof typeof HEDGE_DEFAULTS>> = HEDGE_DEFAULTS;

/** Every option, checked for completeness by its type. */
const KNOWN: Readonly<Record<keyof HedgeOptions, true>> = {
  delay: true,
  maxHedgedAttempts: true,
  budget: true,
};

const PERCENTILE = /^p([5-9]\d)$/;

/**
 * Fills and checks the options of one method.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveHedgeOptions(operation: string, given: HedgeOptions = {}): ResolvedHedgeOptions {
  const check = new OptionCheck('hedge', operation);
  check.onlyKnown(given, Object.keys(KNOWN));
  const { delay, maxHedgedAttempts, budget } = withDefaults(DEFAULTS, given);
  if (budget !== undefined && budget !== false) check.text('budget', budget);
  return {
    ...resolveDelay(check, delay),
    maxHedgedAttempts: check.wholeNumber('maxHedgedAttempts', maxHedgedAttempts, 1),
    budget,
  };
}

function resolveDelay(
  check: OptionCheck,
  delay: Duration | HedgePercentile,
): Pick<ResolvedHedgeOptions, 'delayMs' | 'delayPercentile'> {
  const [, percent] = PERCENTILE.exec(String(delay)) ?? [];
  if (percent !== undefined) return { delayMs: undefined, delayPercentile: Number(percent) };
  if (isPercentile(delay)) return check.refuse('delay', delay, `must be a percentile from 'p50' to 'p99'`);
  return { delayMs: check.durationMs('delay', delay), delayPercentile: undefined };
}

function isPercentile(delay: Duration | HedgePercentile): delay is HedgePercentile {
  return typeof delay === 'string' && delay.startsWith('p');
}
