import type { RetryOptions } from '../../policies/retry/index.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * Calls the method again after a transient failure: by default up to three times in all, with exponential delays
 * under full jitter, within the application's retry budget. The method's own last error reaches the caller.
 *
 * @param options options, or the name of a retry that the module has configured
 */
export function Retryable(options: RetryOptions | string = {}): PolicyDecorator {
  return policyDecorator({ decorator: 'Retryable', policy: 'retry', options });
}
