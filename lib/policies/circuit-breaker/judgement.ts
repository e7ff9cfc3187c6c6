import type { Call } from '../../core/call.js';
import type { ResolvedCircuitBreakerOptions } from './resolved-options.js';

/** Whose options decide, and who hears of a predicate that throws. */
export interface Judge {
  readonly options: ResolvedCircuitBreakerOptions;
  report(what: string, error: unknown): void;
}

/** `true` for a failure; undefined for an error that is ignored, or whose predicate throws. */
export function isFailureByError(judge: Judge, error: unknown, call: Call): true | undefined {
  const { recordOn, ignoreOn } = judge.options;
  try {
    if (ignoreOn?.(error, call)) return undefined;
    return recordOn(error, call) ? true : undefined;
  } catch (thrown) {
    judge.report('recordOn or ignoreOn', thrown);
    return undefined;
  }
}

/** Whether a value is a failure; undefined where the predicate throws. */
export function isFailureByValue(judge: Judge, value: unknown): boolean | undefined {
  try {
    return judge.options.recordResult?.(value) ? true : false;
  } catch (thrown) {
    judge.report('recordResult', thrown);
    return undefined;
  }
}
