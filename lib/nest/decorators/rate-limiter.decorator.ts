import type { RateLimiterOptions } from '../../policies/rate-limiter/index.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * Bounds how many calls start in a span of time; the next wait their turn or are refused with
 * `RateLimitExceededError`.
 *
 * @param options options, or the name of a shared rate limiter
 */
export function RateLimiter(options: RateLimiterOptions | string): PolicyDecorator {
  // Untyped code may give nothing, which must be refused for the limit that is missing, not taken for no decorator.
  const given: Partial<RateLimiterOptions> | string = options ?? {};
  return policyDecorator({
    decorator: 'RateLimiter',
    policy: 'rateLimiter',
    options: given as RateLimiterOptions | string,
  });
}
