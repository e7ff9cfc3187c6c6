import type { RateLimiterOptions } from '../../policies/rate-limiter/index.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * Bounds how many calls start in a span of time; the next wait their turn or are refused with
 * `RateLimitExceededError`.
 *
 * @param options options, or the name of a shared rate limiter
 */
export function RateLimiter(options: RateLimiterOptions | string): PolicyDecorator {
  return policyDecorator({ decorator: 'RateLimiter', policy: 'rateLimiter', options });
}
