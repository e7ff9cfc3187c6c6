import type { CallContext } from '../../core/call.js';
import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';
import { compileMatcher, type ErrorMatcher, type ErrorPredicate } from '../../core/matcher.js';

/** What a fallback function, or a provider, is told of the call that failed. */
export interface FallbackFailure<Args extends readonly unknown[] = readonly unknown[]> {
  /** What the call failed with. */
  readonly error: unknown;
  /** The call's arguments. */
  readonly args: Args;
  /** The call as a whole. */
  readonly call: CallContext;
}

/** For which failures a fallback answers. */
export interface FallbackFilter {
  /**
   * Answers for these instead of the default.
   *
   * @defaultValue failures of the dependency, and the library's own rejections and timeouts
   */
  readonly applyOn?: ErrorMatcher;
  /**
   * Never answers for these; wins over `applyOn`.
   *
   * @defaultValue none
   */
  readonly skipOn?: ErrorMatcher;
}

/** How long, for which calls and for how many of them the last successful value is kept. */
export interface LastGoodOptions {
  /** A value is served while it is at most this old; more than 0. */
  readonly maxAge: Duration;
  /**
   * Text that says which calls may share a value, made of the call's arguments.
   *
   * @defaultValue calls with equal arguments share one
   */
  // In the form of a method, whose parameters TypeScript compares loosely: `(id: string) => id` fits.
  key?(...args: unknown[]): string;
  /**
   * Number of values that are kept, at least 1; the least recently used goes first.
   *
   * @defaultValue 1000
   */
  readonly maxEntries?: number;
}

/** Answers with a value, the same object for every call. */
export interface ValueFallback extends FallbackFilter {
  readonly value: unknown;
}

/** Answers with the last value that the method itself returned. */
export interface LastGoodFallback extends FallbackFilter {
  readonly lastGood: LastGoodOptions;
}

/** Names a provider of a Nest application. */
export type FallbackToken =
  string | symbol | (abstract new (...args: never[]) => unknown) | ((...args: never[]) => unknown);

/** Answers with what a provider gives: a function of the failure, or an object with a method for it. */
export interface ProviderFallback extends FallbackFilter {
  readonly use: FallbackToken;
}

/** Answers with what a function makes of the failure; it may be asynchronous. */
export type FallbackFunction = (failure: FallbackFailure) => unknown;

/** Who answers when a call has failed: a method of the same class (its name), a function, or a form. */
export type FallbackHandler = string | FallbackFunction | ValueFallback | LastGoodFallback | ProviderFallback;

/** Who answers, checked. */
export type ResolvedFallbackForm =
  | { readonly source: 'method'; readonly method: string }
  | { readonly source: 'function'; readonly answer: FallbackFunction }
  | { readonly source: 'value'; readonly value: unknown }
  | { readonly source: 'last-good'; readonly lastGood: ResolvedLastGoodOptions }
  | { readonly source: 'provider'; readonly token: FallbackToken };

/** Checked options of the form `lastGood`. */
export interface ResolvedLastGoodOptions {
  readonly maxAgeMs: number;
  readonly key: ((...args: unknown[]) => string) | undefined;
  readonly maxEntries: number;
}

/** Checked options of a fallback. */
export interface ResolvedFallbackOptions {
  readonly form: ResolvedFallbackForm;
  readonly applyOn: ErrorPredicate | undefined;
  readonly skipOn: ErrorPredicate | undefined;
}

/** What `lastGood` has where nothing is said. */
export const LAST_GOOD_DEFAULTS = { maxEntries: 1_000 } as const;

type Forms = Partial<ValueFallback & LastGoodFallback & ProviderFallback>;

const FILTERS: readonly string[] = ['applyOn', 'skipOn'] satisfies (keyof FallbackFilter)[];
const FORMS = ['value', 'lastGood', 'use'] as const;
const LAST_GOOD: readonly string[] = ['maxAge', 'key', 'maxEntries'] satisfies (keyof LastGoodOptions)[];
const EXPECTED =
  'must be a method name, a function, or an object with exactly one of value, lastGood: { maxAge }, use';

/**
 * Gives exactly one way to answer, or throws. The filter goes with the forms that have no room for one; what
 * an object form says itself wins over it.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveFallbackOptions(
  operation: string,
  handler: FallbackHandler,
  filter: FallbackFilter = {},
): ResolvedFallbackOptions {
  const check = new OptionCheck('fallback', operation);
  check.onlyKnown(filter, FILTERS);
  const form = resolveForm(check, handler);
  const own: FallbackFilter = typeof handler === 'object' ? handler : {};
  return {
    form,
    applyOn: compileMatcher(check, 'applyOn', own.applyOn ?? filter.applyOn),
    skipOn: compileMatcher(check, 'skipOn', own.skipOn ?? filter.skipOn),
  };
}

function resolveForm(check: OptionCheck, handler: FallbackHandler): ResolvedFallbackForm {
  if (typeof handler === 'string') return { source: 'method', method: check.text('handler', handler) };
  if (typeof handler === 'function') return { source: 'function', answer: handler };
  if (typeof handler !== 'object' || handler === null) return check.refuse('handler', handler, EXPECTED);
  check.onlyKnown(handler, [...FORMS, ...FILTERS]);
  const given: Forms = handler;
  const [form, ...more] = FORMS.filter((each) => Object.hasOwn(given, each));
  if (form === undefined || more.length > 0) return check.refuse('handler', handler, EXPECTED);
  if (form === 'value') return { source: 'value', value: given.value };
  if (form === 'use') return { source: 'provider', token: resolveToken(check, given.use) };
  return { source: 'last-good', lastGood: resolveLastGood(check, given.lastGood) };
}

function resolveToken(check: OptionCheck, token: FallbackToken | undefined): FallbackToken {
  if (typeof token === 'function' || typeof token === 'symbol') return token;
  if (typeof token === 'string' && token !== '') return token;
  const hint = token === undefined ? ' (undefined: is its file part of a circular import?)' : '';
  return check.refuse('use', token, `must be the token of a provider: a class, a text or a symbol${hint}`);
}

function resolveLastGood(check: OptionCheck, given: LastGoodOptions | undefined): ResolvedLastGoodOptions {
  check.onlyKnown(given, LAST_GOOD, 'lastGood');
  const { maxAge, key, maxEntries = LAST_GOOD_DEFAULTS.maxEntries } = given ?? {};
  return {
    maxAgeMs: check.positiveDurationMs('lastGood.maxAge', maxAge),
    key: check.optionalFunction('lastGood.key', key),
    maxEntries: check.wholeNumber('lastGood.maxEntries', maxEntries, 1),
  };
}
