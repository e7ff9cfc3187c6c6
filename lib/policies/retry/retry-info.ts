import type { GiveUpReason } from '../../core/events.js';

/** How the retrying of a call ended. */
export interface RetryInfo {
  /** Executions in all, the first included. */
  readonly attempts: number;
  /** Why there was no further attempt. */
  readonly reason: GiveUpReason;
  /** Milliseconds from the start of the first execution to the giving up. */
  readonly elapsedMs: number;
}

/** What is known of errors, for as long as they live; no error is touched. */
const KNOWN = new WeakMap<object, RetryInfo>();

/**
 * How the retrying ended that let this error through, the outermost where there were several; `undefined` for
 * every other error, and for what is no object. The error itself is never touched.
 */
export function retryInfo(error: unknown): RetryInfo | undefined {
  return canBeKnown(error) ? KNOWN.get(error) : undefined;
}

/** Keeps the record of an error; what is no object cannot be known again. */
export function rememberRetry(error: unknown, info: RetryInfo): void {
  if (canBeKnown(error)) KNOWN.set(error, info);
}

function canBeKnown(error: unknown): error is object {
  return (typeof error === 'object' && error !== null) || typeof error === 'function';
}
