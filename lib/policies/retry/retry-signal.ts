import { RETRY_SIGNAL_CODE, isRetrySignal } from '../../core/classification-table.js';
import { classify } from '../../core/classification.js';
import { MOST_ERRORS, fieldOf } from '../../core/error-facts.js';

/** What a method may say beside that it wants another attempt. */
export interface RetrySignalOptions {
  /** Milliseconds to wait at least, as a `Retry-After`; bounded by `maxRetryAfter`. @defaultValue none */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Thrown by a method that wants another attempt: retried by the nearest retry around it whatever `retryOn`, `abortOn`
 * and `retryUnsafe` say, within the number of attempts, the time and the budget that there are. Where there is no
 * further attempt the caller gets the cause, the same object; the signal itself only where it has none.
 */
export class RetrySignal extends Error {
  /** Tells it apart in logs. */
  override readonly name = 'RetrySignal';
  /** The same text in every copy of the package. */
  readonly code = RETRY_SIGNAL_CODE;
  /** Milliseconds to wait at least; `undefined` for what the cause asks for. */
  readonly retryAfterMs: number | undefined;

  /** `cause`: what the caller gets in the end. */
  constructor(cause?: unknown, options: RetrySignalOptions = {}) {
    super('the method asks for another attempt', cause === undefined ? undefined : { cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What the caller gets of an error that no attempt follows. */
export function callersError(error: unknown): unknown {
  let found = error;
  for (let left = MOST_ERRORS; left > 0 && isRetrySignal(found); left -= 1) {
    const cause = fieldOf(found, 'cause');
    if (cause === undefined) return found;
    found = cause;
  }
  return found;
}

/** Who says how long to wait: the signal, or what decides about its cause. */
export function askedBy(signal: unknown): unknown {
  if (fieldOf(signal, 'retryAfterMs') !== undefined) return signal;
  return classify(callersError(signal)).decidedBy;
}
