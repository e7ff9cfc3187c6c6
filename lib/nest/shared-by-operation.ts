import {
  breakerOptions,
  bulkheadOptions,
  type PolicyOptions,
  rateLimiterOptions,
} from '../pipeline/index.js';

/** What no method owns is shared by its operation: each call's literal options would make a breaker of its own. */
export function sharedByOperation(policies: PolicyOptions, operation: string): PolicyOptions {
  const { circuitBreaker, bulkhead, rateLimiter } = policies;
  return {
    ...policies,
    ...(circuitBreaker !== undefined && {
      circuitBreaker: { name: operation, ...breakerOptions(circuitBreaker) },
    }),
    ...(bulkhead !== undefined && { bulkhead: { name: operation, ...bulkheadOptions(bulkhead) } }),
    ...(rateLimiter !== undefined && {
      rateLimiter: { name: operation, ...rateLimiterOptions(rateLimiter) },
    }),
  } as PolicyOptions;
}
