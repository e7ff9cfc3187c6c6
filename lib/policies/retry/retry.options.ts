import type { CallContext } from '../../core/call.js';
import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';
import { type ErrorMatcher, type ErrorPredicate, compileMatcher } from '../../core/matcher.js';
import { withDefaults } from '../../core/with-defaults.js';
import {
  BACKOFF_DEFAULTS,
  type BackoffOptions,
  type ResolvedBackoffOptions,
  resolveBackoffOptions,
} from './backoff.options.js';
import type {
  RetryAttemptContext,
  RetryGaveUpContext,
  RetryPreparationContext,
  RetryRecoveredContext,
  RetryScheduledContext,
} from './retry-hooks.js';

/** When a failed call is made again, how often, and after which delay. */
export interface RetryOptions {
  /** A named config of the module that this one starts from. */
  readonly name?: string;
  /**
   * Executions of the method, the first included; at least 1. `Infinity` belongs together with `maxDuration` or a
   * total time limit: without either the boot warns.
   *
   * @defaultValue 3
   */
  readonly maxAttempts?: number;
  /** The delays between attempts. */
  readonly backoff?: BackoffOptions;
  /**
   * Which errors are worth another attempt; replaces the default classification. One that throws means no.
   *
   * @defaultValue `isRetryable`
   */
  readonly retryOn?: ErrorMatcher;
  /** Which errors are final whatever else holds; wins over `retryOn`. @defaultValue none */
  readonly abortOn?: ErrorMatcher;
  /**
   * Which returned values count as failures; after the last attempt the last value is returned. One that throws
   * means that the value is good.
   *
   * @defaultValue none
   */
  // Method syntax lets a predicate name the type of value that it expects.
  retryOnResult?(value: unknown, call: CallContext): boolean;
  /** Whether to wait at least as long as the server asked for. @defaultValue true */
  readonly respectRetryAfter?: boolean;
  /**
   * The longest wait that a server may ask for; a longer request ends the retrying at once.
   *
   * @defaultValue '60s'
   */
  readonly maxRetryAfter?: Duration;
  /**
   * No attempt starts after this much time since the first began, delays included; above 0.
   *
   * @defaultValue no limit
   */
  readonly maxDuration?: Duration;
  /** Name of the retry budget that retries are taken from, or `false` for none. @defaultValue 'default' */
  readonly budget?: string | false;
  /**
   * Whether to retry an HTTP POST or PATCH that carries no `Idempotency-Key` as well.
   *
   * @defaultValue false
   */
  readonly retryUnsafe?: boolean;
  /** Told of every attempt before it begins, the first included; not waited for, and cannot change anything. */
  onAttempt?(context: RetryAttemptContext): unknown;
  /**
   * Waited for after each delay and before the attempt that follows, as to sign a request anew or to refresh a
   * token. What it throws ends the retrying and is what the caller gets. Whoever ends the call ends this wait too.
   */
  prepareRetry?(context: RetryPreparationContext): unknown;
  /** Told of every retry before its delay begins; not waited for, and cannot change anything. */
  onRetry?(context: RetryScheduledContext): unknown;
  /** Told once of every call that failed in the end; not waited for, and cannot change anything. */
  onGiveUp?(context: RetryGaveUpContext): unknown;
  /** Told once when a second or later attempt succeeds; not waited for, and cannot change anything. */
  onRecovered?(context: RetryRecoveredContext): unknown;
}

/** Checked options of one method; what is `undefined` was not asked for. */
export interface ResolvedRetryOptions {
  readonly maxAttempts: number;
  readonly backoff: ResolvedBackoffOptions;
  readonly retryOn: ErrorPredicate | undefined;
  readonly abortOn: ErrorPredicate | undefined;
  readonly retryOnResult: RetryOptions['retryOnResult'];
  readonly respectRetryAfter: boolean;
  readonly maxRetryAfterMs: number;
  readonly maxDurationMs: number | undefined;
  readonly budget: string | false;
  readonly retryUnsafe: boolean;
  readonly onAttempt: RetryOptions['onAttempt'];
  readonly prepareRetry: RetryOptions['prepareRetry'];
  readonly onRetry: RetryOptions['onRetry'];
  readonly onGiveUp: RetryOptions['onGiveUp'];
  readonly onRecovered: RetryOptions['onRecovered'];
}

/** What holds where an option is not given. */
export const RETRY_DEFAULTS = {
  maxAttempts: 3,
  backoff: BACKOFF_DEFAULTS,
  respectRetryAfter: true,
  maxRetryAfter: '60s',
  budget: 'default',
  retryUnsafe: false,
} as const satisfies RetryOptions;

/** The same with the types of the options, which what is given may have. */
const DEFAULTS: Required<Pick<RetryOptions, keyof typeof RETRY_DEFAULTS>> = RETRY_DEFAULTS;

/** Every option, checked for completeness by its type. */
const KNOWN: Readonly<Record<keyof RetryOptions, true>> = {
  name: true,
  maxAttempts: true,
  backoff: true,
  retryOn: true,
  abortOn: true,
  retryOnResult: true,
  respectRetryAfter: true,
  maxRetryAfter: true,
  maxDuration: true,
  budget: true,
  retryUnsafe: true,
  onAttempt: true,
  prepareRetry: true,
  onRetry: true,
  onGiveUp: true,
  onRecovered: true,
};

/**
 * Fills and checks the options of one method.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveRetryOptions(operation: string, given: RetryOptions = {}): ResolvedRetryOptions {
  const check = new OptionCheck('retry', operation);
  check.onlyKnown(given, Object.keys(KNOWN));
  const options = withDefaults(DEFAULTS, given);
  const { name, maxDuration, budget } = options;
  if (name !== undefined) check.text('name', name);
  return {
    maxAttempts: checkedAttempts(check, options.maxAttempts),
    backoff: resolveBackoffOptions(check, options.backoff),
    retryOn: compileMatcher(check, 'retryOn', options.retryOn),
    abortOn: compileMatcher(check, 'abortOn', options.abortOn),
    retryOnResult: check.optionalFunction('retryOnResult', options.retryOnResult),
    respectRetryAfter: check.flag('respectRetryAfter', options.respectRetryAfter),
    maxRetryAfterMs: check.durationMs('maxRetryAfter', options.maxRetryAfter),
    maxDurationMs:
      maxDuration === undefined ? undefined : check.positiveDurationMs('maxDuration', maxDuration),
    budget: budget === false ? false : check.text('budget', budget),
    retryUnsafe: check.flag('retryUnsafe', options.retryUnsafe),
    onAttempt: check.optionalFunction('onAttempt', options.onAttempt),
    prepareRetry: check.optionalFunction('prepareRetry', options.prepareRetry),
    onRetry: check.optionalFunction('onRetry', options.onRetry),
    onGiveUp: check.optionalFunction('onGiveUp', options.onGiveUp),
    onRecovered: check.optionalFunction('onRecovered', options.onRecovered),
  };
}

function checkedAttempts(check: OptionCheck, value: number): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  return check.wholeNumber('maxAttempts', value, 1);
}
