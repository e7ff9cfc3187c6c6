import { OptionCheck } from '../../core/check.js';
import { isDependencyFailure } from '../../core/classification.js';
import { compileMatcher, type ErrorPredicate } from '../../core/matcher.js';
import {
  CIRCUIT_BREAKER_DEFAULTS,
  type CircuitBreakerMode,
  type CircuitBreakerOptions,
} from './circuit-breaker.options.js';
import { type OpenWaitFunction, type ResolvedGrowingWait, resolveOpenWait } from './open-wait.js';

/** A time window in milliseconds, or a count window in calls. */
export type ResolvedSlidingWindow =
  { readonly type: 'time'; readonly sizeMs: number } | { readonly type: 'count'; readonly size: number };

/** Options of a breaker after defaults and checks; durations are milliseconds. */
export interface ResolvedCircuitBreakerOptions {
  readonly key: ((...args: readonly unknown[]) => string) | undefined;
  readonly maxKeys: number;
  readonly failureThreshold: number | false;
  readonly failureRateThreshold: number | false;
  readonly slidingWindow: ResolvedSlidingWindow;
  readonly minimumNumberOfCalls: number;
  readonly slowCallDurationThresholdMs: number | undefined;
  readonly slowCallRateThreshold: number;
  readonly waitInOpenState: ResolvedGrowingWait | OpenWaitFunction;
  readonly permittedNumberOfCallsInHalfOpenState: number;
  readonly maxWaitInHalfOpenStateMs: number;
  readonly recordOn: ErrorPredicate;
  readonly ignoreOn: ErrorPredicate | undefined;
  readonly recordResult: ((value: unknown) => boolean) | undefined;
  readonly mode: CircuitBreakerMode;
}

const POLICY = 'circuitBreaker';
const WITHOUT_DEFAULT = ['name', 'key', 'slowCallDurationThreshold', 'recordOn', 'ignoreOn', 'recordResult'];
const KNOWN = [...Object.keys(CIRCUIT_BREAKER_DEFAULTS), ...WITHOUT_DEFAULT];
const WINDOW_TYPES = ['time', 'count'] as const;
const MODES = ['on', 'shadow'] as const;
/** A count window keeps one byte per call. */
const LARGEST_COUNT_WINDOW = 10_000_000;

/**
 * Fills and checks the options of one breaker; what comes out is never half right.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveCircuitBreakerOptions(
  operation: string,
  given: CircuitBreakerOptions,
): ResolvedCircuitBreakerOptions {
  const check = new OptionCheck(POLICY, operation);
  check.onlyKnown(given, KNOWN);
  if (given.name !== undefined) check.text('name', given.name);
  const { maxKeys = CIRCUIT_BREAKER_DEFAULTS.maxKeys, mode = CIRCUIT_BREAKER_DEFAULTS.mode } = given;
  return {
    key: check.optionalFunction('key', given.key),
    maxKeys: check.wholeNumber('maxKeys', maxKeys, 1),
    ...resolveClosed(check, given),
    ...resolveSlowCalls(check, given),
    ...resolveRecovery(check, given),
    ...resolveJudgement(check, given),
    mode: check.oneOf('mode', mode, MODES),
  };
}

function resolveClosed(check: OptionCheck, given: CircuitBreakerOptions) {
  const {
    failureThreshold = CIRCUIT_BREAKER_DEFAULTS.failureThreshold,
    failureRateThreshold = CIRCUIT_BREAKER_DEFAULTS.failureRateThreshold,
    minimumNumberOfCalls = CIRCUIT_BREAKER_DEFAULTS.minimumNumberOfCalls,
  } = given;
  const slidingWindow = resolveSlidingWindow(check, given.slidingWindow);
  const minimum = check.wholeNumber('minimumNumberOfCalls', minimumNumberOfCalls, 1);
  return {
    failureThreshold: unlessOff(failureThreshold, (value) => check.wholeNumber('failureThreshold', value, 1)),
    failureRateThreshold: unlessOff(failureRateThreshold, (value) =>
      check.ratio('failureRateThreshold', value),
    ),
    slidingWindow,
    // A count window never holds more, so a larger minimum would turn the rate rule off unsaid.
    minimumNumberOfCalls: slidingWindow.type === 'count' ? Math.min(minimum, slidingWindow.size) : minimum,
  };
}

function resolveSlidingWindow(
  check: OptionCheck,
  given: CircuitBreakerOptions['slidingWindow'] = CIRCUIT_BREAKER_DEFAULTS.slidingWindow,
): ResolvedSlidingWindow {
  check.onlyKnown(given, ['type', 'size'], 'slidingWindow');
  check.oneOf('slidingWindow.type', given.type, WINDOW_TYPES);
  if (given.type === 'time') {
    return { type: 'time', sizeMs: check.positiveDurationMs('slidingWindow.size', given.size) };
  }
  const size = check.wholeNumber('slidingWindow.size', given.size, 1);
  return { type: 'count', size: check.number('slidingWindow.size', size, 1, LARGEST_COUNT_WINDOW) };
}

function resolveSlowCalls(check: OptionCheck, given: CircuitBreakerOptions) {
  const { slowCallDurationThreshold: duration } = given;
  const { slowCallRateThreshold = CIRCUIT_BREAKER_DEFAULTS.slowCallRateThreshold } = given;
  return {
    slowCallDurationThresholdMs:
      duration === undefined ? undefined : check.positiveDurationMs('slowCallDurationThreshold', duration),
    slowCallRateThreshold: check.ratio('slowCallRateThreshold', slowCallRateThreshold),
  };
}

function resolveRecovery(check: OptionCheck, given: CircuitBreakerOptions) {
  const {
    waitDurationInOpenState: wait = CIRCUIT_BREAKER_DEFAULTS.waitDurationInOpenState,
    permittedNumberOfCallsInHalfOpenState:
      permitted = CIRCUIT_BREAKER_DEFAULTS.permittedNumberOfCallsInHalfOpenState,
    maxWaitDurationInHalfOpenState: maxWait = CIRCUIT_BREAKER_DEFAULTS.maxWaitDurationInHalfOpenState,
  } = given;
  return {
    waitInOpenState: resolveOpenWait(check, wait),
    permittedNumberOfCallsInHalfOpenState: check.wholeNumber(
      'permittedNumberOfCallsInHalfOpenState',
      permitted,
      1,
    ),
    maxWaitInHalfOpenStateMs: check.positiveDurationMs('maxWaitDurationInHalfOpenState', maxWait),
  };
}

function resolveJudgement(check: OptionCheck, given: CircuitBreakerOptions) {
  return {
    recordOn: compileMatcher(check, 'recordOn', given.recordOn) ?? isDependencyFailure,
    ignoreOn: compileMatcher(check, 'ignoreOn', given.ignoreOn),
    recordResult: check.optionalFunction('recordResult', given.recordResult),
  };
}

function unlessOff(value: number | false, resolve: (value: number) => number): number | false {
  return value === false ? false : resolve(value);
}
