import type { Duration } from '../../core/index.js';
import type { HedgeOptions, HedgePercentile } from '../../policies/hedge/index.js';
import { bindToRequests } from '../http/repeated-handlers.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * Starts a second attempt when the first is slow, within the retry budget; the first success is the result, and the
 * other attempt is aborted. Without options it is slow when it takes longer than 95 % of the recent successes.
 *
 * @param options options, or the delay after which the second attempt starts
 */
export function Hedge(options: HedgeOptions | Duration | HedgePercentile = {}): PolicyDecorator {
  const add = policyDecorator({ decorator: 'Hedge', policy: 'hedge', options });
  return (target, member, descriptor) => {
    add(target, member, descriptor);
    // A hedge must know whether the request that a route handler answers may be repeated.
    if (descriptor !== undefined) bindToRequests(target, member, descriptor);
  };
}
