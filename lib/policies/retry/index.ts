export type {
  BackoffFunction,
  BackoffOptions,
  BackoffType,
  Jitter,
  ResolvedBackoffOptions,
} from './backoff.options.js';
export type {
  BackoffContext,
  RetryFailure,
  RetryGaveUpContext,
  RetryHookContext,
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
export { type RetryDecision, type RetryRuleParts, RetryRun } from './retry-run.js';
export { RetryRule } from './retry.rule.js';
export { rememberUnsafeRequest, tellsOfUnsafeRequest } from './unsafe-request.js';
