import { isResilienceError } from '../../core/errors.js';

/** Matches the errors of every copy of this package: Nest asks `error instanceof …` of what `@Catch` names. */
export abstract class AnyResilienceError {
  static [Symbol.hasInstance](error: unknown): boolean {
    return isResilienceError(error);
  }
}
