export type {
  BackoffFunction,
  BackoffOptions,
  BackoffType,
  Jitter,
  ResolvedBackoffOptions,
} from './backoff.options.js';
export { rememberFinal } from './final-error.js';
export type {
  BackoffContext,
  RetryAttemptContext,
  RetryFailure,
  RetryGaveUpContext,
  RetryHookContext,
  RetryPreparationContext,
  RetryRecoveredContext,
  RetryScheduledContext,
} from './retry-hooks.js';
export { type RetryInfo, rememberRetry, retryInfo } from './retry-info.js';
export {
  RETRY_DEFAULTS,
  type ResolvedRetryOptions,
  type RetryOptions,
  resolveRetryOptions,
} from './retry.options.js';
export { type RetryDecision, RetryRun } from './retry-run.js';
export { callersError, RetrySignal, type RetrySignalOptions } from './retry-signal.js';
export type { RetryRuleParts } from './retry-tidings.js';
export { RetryRule } from './retry.rule.js';
export { rememberUnsafeRequest, tellsOfUnsafeRequest } from './unsafe-request.js';
