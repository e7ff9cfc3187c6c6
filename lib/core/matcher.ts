import type { CallContext } from './call.js';
import type { OptionCheck } from './check.js';

/** A class of errors; its subclasses match as well. */
// The constructor's parameters play no part in `instanceof`; `never[]` accepts every class.
export type ErrorClass = abstract new (...args: never[]) => unknown;

/** Which errors are meant: a question asked of each, or a list of classes. */
export type ErrorMatcher = ((error: unknown, call: CallContext) => boolean) | readonly ErrorClass[];

/** Compiled form of a matcher; what a user's predicate throws reaches the caller of this function. */
export type ErrorPredicate = (error: unknown, call: CallContext) => boolean;

/** @throws {InvalidOptionsError} unless it is a function or a list of classes */
export function compileMatcher(
  check: OptionCheck,
  field: string,
  matcher: ErrorMatcher | undefined,
): ErrorPredicate | undefined {
  if (matcher === undefined) return undefined;
  if (typeof matcher === 'function') return matcher;
  const isList = Array.isArray(matcher) && matcher.every((each) => typeof each === 'function');
  if (!isList)
    return check.refuse(
      field,
      matcher,
      'must be a function (error, call) => boolean or a list of error classes',
    );
  const classes = [...matcher];
  return (error) => classes.some((each) => error instanceof each);
}
