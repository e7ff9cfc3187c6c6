import type { BulkheadOptions } from '../policies/bulkhead/index.js';
import type { CircuitBreakerOptions } from '../policies/circuit-breaker/index.js';
import type { HedgeOptions } from '../policies/hedge/index.js';
import type { RateLimiterOptions } from '../policies/rate-limiter/index.js';
import type { RetryOptions } from '../policies/retry/index.js';
import type { TimeLimiterOptions } from '../policies/time-limiter/index.js';
import type { PolicyOptions } from './policy-options.js';

/** The long form of a retry: a text is the name of a configuration. */
export function retryOptions(written: PolicyOptions['retry']): RetryOptions {
  return typeof written === 'string' ? { name: written } : (written ?? {});
}

/** The long form of a breaker: a text is the name of a shared one. */
export function breakerOptions(written: PolicyOptions['circuitBreaker']): CircuitBreakerOptions {
  return typeof written === 'string' ? { name: written } : (written ?? {});
}

/** The long form of a rate limiter: a text is the name of a shared one, whose limit others give. */
export function rateLimiterOptions(written: PolicyOptions['rateLimiter']): Partial<RateLimiterOptions> {
  return typeof written === 'string' ? { name: written } : (written ?? {});
}

/** The long form of a bulkhead: a text is the name of a shared one, a number its size. */
export function bulkheadOptions(written: PolicyOptions['bulkhead']): BulkheadOptions {
  if (typeof written === 'string') return { name: written };
  return typeof written === 'number' ? { maxConcurrentCalls: written } : (written ?? {});
}

/** The long form of a time limiter: a duration is the limit of one attempt. */
export function timeLimiterOptions(written: PolicyOptions['timeLimiter']): TimeLimiterOptions {
  if (written === undefined) return {};
  return typeof written === 'object' ? written : { attemptTimeout: written };
}

/** The long form of a hedge: a duration or a percentile is its delay. */
export function hedgeOptions(written: PolicyOptions['hedge']): HedgeOptions {
  if (written === undefined) return {};
  return typeof written === 'object' ? written : { delay: written };
}
