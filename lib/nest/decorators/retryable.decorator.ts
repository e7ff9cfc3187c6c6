import type { RetryOptions } from '../../policies/retry/index.js';
import { bindToRequests } from '../http/repeated-handlers.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * Calls the method again after a transient failure: by default up to three times in all, with exponential delays
 * under full jitter, within the application's retry budget. The method's own last error reaches the caller.
 *
 * @param options options, or the name of a retry that the module has configured
 */
export function Retryable(options: RetryOptions | string = {}): PolicyDecorator {
  const add = policyDecorator({ decorator: 'Retryable', policy: 'retry', options });
  return (target, member, descriptor) => {
    add(target, member, descriptor);
    // A retry must know whether the request that a route handler answers may be repeated.
    if (descriptor !== undefined) bindToRequests(target, member, descriptor);
  };
}
