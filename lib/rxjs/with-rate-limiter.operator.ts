import type { MonoTypeOperatorFunction } from 'rxjs';
import type { RateLimiterRule } from '../policies/rate-limiter/index.js';
import { operator, type OperatorOptions } from './operator.js';

/** Bounds how many subscriptions of the source start in a span of time. */
export function withRateLimiter<T>(
  limiter: RateLimiterRule,
  options: OperatorOptions = {},
): MonoTypeOperatorFunction<T> {
  const { operation = limiter.name } = options;
  const { environment } = limiter;
  return operator<T>({ operation, environment, steps: [{ word: 'rateLimiter', rule: limiter }] });
}
