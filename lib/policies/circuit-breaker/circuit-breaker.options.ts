import type { Duration } from '../../core/duration.js';
import type { ErrorMatcher } from '../../core/matcher.js';
import { type GrowingWait, GROWING_WAIT_DEFAULTS, type OpenWaitFunction } from './open-wait.js';

/** Whether a breaker acts, or only tells what it would have done. */
export type CircuitBreakerMode = 'on' | 'shadow';

/** The calls of the last span of time. */
export interface TimeWindowOptions {
  readonly type: 'time';
  /** Above 0; an outcome leaves when it is between nine tenths of this and this old. */
  readonly size: Duration;
}

/** The last so many recorded calls. */
export interface CountWindowOptions {
  readonly type: 'count';
  /** Calls, from 1 to 10 000 000. */
  readonly size: number;
}

/** When a breaker takes a dependency for down, how long it waits, and how it finds out that it is back. */
export interface CircuitBreakerOptions {
  /**
   * Methods that give one name share one breaker per application.
   *
   * @defaultValue class and method
   */
  readonly name?: string;
  /**
   * One breaker per key (host, tenant, shard), made from the arguments of the call. Written as a method so
   * that a function of narrower arguments fits.
   *
   * @defaultValue one breaker for all calls
   */
  key?(...args: readonly unknown[]): string;
  /**
   * Most keys remembered at a time, at least 1; above it the least recently used one that is not open goes.
   *
   * @defaultValue 1000
   */
  readonly maxKeys?: number;
  /**
   * Consecutive failures, at least 1, that open it while the window holds fewer than `minimumNumberOfCalls`
   * calls, or while `failureRateThreshold` is off; `false` turns this rule off.
   *
   * @defaultValue 5
   */
  readonly failureThreshold?: number | false;
  /**
   * Share of failures in the window, in (0, 1], that opens it; `false` turns this rule off.
   *
   * @defaultValue 0.5
   */
  readonly failureRateThreshold?: number | false;
  /**
   * The calls that a rate is made of: those of a span of time, or the last so many.
   *
   * @defaultValue `{ type: 'time', size: '10s' }`
   */
  readonly slidingWindow?: TimeWindowOptions | CountWindowOptions;
  /**
   * Calls in the window, at least 1, before a rate can open it; above the size of a count window it means
   * that size.
   *
   * @defaultValue 20
   */
  readonly minimumNumberOfCalls?: number;
  /**
   * A call that takes longer is slow, whether it fails or not; above 0.
   *
   * @defaultValue no call is slow
   */
  readonly slowCallDurationThreshold?: Duration;
  /**
   * Share of slow calls in the window, in (0, 1], that opens it.
   *
   * @defaultValue 1
   */
  readonly slowCallRateThreshold?: number;
  /**
   * How long it stays open before a call may probe: growing, always the same, or asked for each opening.
   *
   * @defaultValue `{ initialDelay: '1s', multiplier: 2, maxDelay: '30s' }`
   */
  readonly waitDurationInOpenState?: Duration | GrowingWait | OpenWaitFunction;
  /**
   * Calls let through as probes, at least 1, whose outcomes decide together.
   *
   * @defaultValue 1
   */
  readonly permittedNumberOfCallsInHalfOpenState?: number;
  /**
   * A probe that has not settled after this long gives its permit back; above 0.
   *
   * @defaultValue '60s'
   */
  readonly maxWaitDurationInHalfOpenState?: Duration;
  /**
   * Which errors are failures; the others neither count nor reset.
   *
   * @defaultValue isDependencyFailure
   */
  readonly recordOn?: ErrorMatcher;
  /**
   * Which errors neither count nor reset, whatever `recordOn` says.
   *
   * @defaultValue none
   */
  readonly ignoreOn?: ErrorMatcher;
  /**
   * Which returned values are failures. Written as a method so that a function of a narrower value fits.
   *
   * @defaultValue none
   */
  recordResult?(value: unknown): boolean;
  /**
   * `'shadow'` counts and reports but rejects nothing.
   *
   * @defaultValue 'on'
   */
  readonly mode?: CircuitBreakerMode;
}

/** What an option means that is not given; chosen by experiment against storms and partial failures. */
export const CIRCUIT_BREAKER_DEFAULTS = {
  maxKeys: 1_000,
  failureThreshold: 5,
  failureRateThreshold: 0.5,
  slidingWindow: { type: 'time', size: '10s' },
  minimumNumberOfCalls: 20,
  slowCallRateThreshold: 1,
  waitDurationInOpenState: GROWING_WAIT_DEFAULTS,
  permittedNumberOfCallsInHalfOpenState: 1,
  maxWaitDurationInHalfOpenState: '60s',
  mode: 'on',
} as const satisfies CircuitBreakerOptions;
