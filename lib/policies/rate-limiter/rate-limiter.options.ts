import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';

/** How the starts of calls are spread over time. */
export type RateLimiterType = 'rolling' | 'fixed' | 'smooth';

/** How many calls may start in a span of time. */
export interface RateLimiterOptions {
  /**
   * All methods that give this name share one rate limiter.
   *
   * @defaultValue none: one for the class and method
   */
  readonly name?: string;
  /**
   * Calls per window, a whole number, at least 1.
   *
   * @defaultValue none: it must be given here or by the named configuration
   */
  readonly limit?: number;
  /**
   * Length of a window, more than 0.
   *
   * @defaultValue none: it must be given here or by the named configuration
   */
  readonly window?: Duration;
  /**
   * `'rolling'`: at most `limit` starts in any span as long as a window. `'fixed'`: windows follow each other
   * from the first use on. `'smooth'`: starts are `window / limit` apart.
   *
   * @defaultValue 'rolling'
   */
  readonly type?: RateLimiterType;
  /**
   * Longest wait for a permit; a call that would wait longer is refused at once.
   *
   * @defaultValue 0
   */
  readonly maxWaitDuration?: Duration;
  /**
   * Text that says which calls share a limit, made of the call's arguments.
   *
   * @defaultValue none: all calls share one limit
   */
  // In the form of a method, whose parameters TypeScript compares loosely: `(tenant: string) => tenant` fits.
  key?(...args: unknown[]): string;
}

/** Checked options of a rate limiter. */
export interface ResolvedRateLimiterOptions {
  readonly limit: number;
  readonly windowMs: number;
  readonly type: RateLimiterType;
  readonly maxWaitDurationMs: number;
  readonly key: ((...args: unknown[]) => string) | undefined;
}

/** What a rate limiter has where nothing is said. */
export const RATE_LIMITER_DEFAULTS = { type: 'rolling', maxWaitDuration: 0 } as const;

const TYPES: readonly RateLimiterType[] = ['rolling', 'fixed', 'smooth'];
const FIELDS: readonly string[] = [
  'name',
  'limit',
  'window',
  'type',
  'maxWaitDuration',
  'key',
] satisfies (keyof RateLimiterOptions)[];

/**
 * Gives limits that a rate limiter can keep, or throws.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveRateLimiterOptions(
  operation: string,
  given: RateLimiterOptions,
): ResolvedRateLimiterOptions {
  const check = new OptionCheck('rateLimiter', operation);
  check.onlyKnown(given, FIELDS);
  const { type = RATE_LIMITER_DEFAULTS.type, maxWaitDuration = RATE_LIMITER_DEFAULTS.maxWaitDuration } =
    given;
  if (given.name !== undefined) check.text('name', given.name);
  return {
    limit: check.wholeNumber('limit', given.limit, 1),
    windowMs: check.positiveDurationMs('window', given.window),
    type: check.oneOf('type', type, TYPES),
    maxWaitDurationMs: check.durationMs('maxWaitDuration', maxWaitDuration),
    key: check.optionalFunction('key', given.key),
  };
}

/**
 * Checks what one place says of a rate limiter, where others may give the limit and the window.
 *
 * @throws {InvalidOptionsError} with the place, field, value and what would be right
 */
export function checkRateLimiterPart(place: string, given: RateLimiterOptions): void {
  const { limit = 1, window = 1 } = given;
  resolveRateLimiterOptions(place, { ...given, limit, window });
}
