import type { CallContext } from '../../core/call.js';
import type { GiveUpReason } from '../../core/events.js';

/** What every hook of a retry, and a backoff function, are told. */
export interface RetryHookContext {
  /** `Class.method`, or the name given to `execute`. */
  readonly operation: string;
  /** Milliseconds since the first execution of the call began. */
  readonly elapsedMs: number;
  /** The execution that the hook speaks of. */
  readonly call: CallContext;
}

/** What failed: an error, or a returned value that `retryOnResult` counts as a failure. */
export interface RetryFailure {
  /** The error itself; `undefined` where a value failed. */
  readonly error: unknown;
  /** The returned value; missing where an error was thrown. */
  readonly value?: unknown;
}

/** What a backoff function may decide by. */
export interface BackoffContext extends RetryHookContext, RetryFailure {
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** The delay that was computed before this attempt; `undefined` before the first. */
  readonly previousDelayMs: number | undefined;
}

/** An attempt begins, the first included; told before anything of it runs. */
export interface RetryAttemptContext extends RetryHookContext {
  /** Number of the attempt that begins, from 1. */
  readonly attempt: number;
}

/** The delay is over, and another attempt is to begin. */
export interface RetryPreparationContext extends RetryHookContext, RetryFailure {
  /** Number of the attempt that is to begin, from 2. */
  readonly attempt: number;
}

/** A retry will follow; told once for each. */
export interface RetryScheduledContext extends RetryHookContext, RetryFailure {
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
}

/** The call failed and is not, or no longer, retried; told once per failed call. */
export interface RetryGaveUpContext extends RetryHookContext, RetryFailure {
  /** Executions in all, the first included. */
  readonly attempts: number;
  /** Why there is no further attempt. */
  readonly reason: GiveUpReason;
}

/** A second or later attempt succeeded; told once per such call. */
export interface RetryRecoveredContext extends RetryHookContext {
  /** Executions in all, the first included. */
  readonly attempts: number;
}
