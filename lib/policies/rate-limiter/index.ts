export { RateLimitExceededError } from './rate-limiter.errors.js';
export type { ExceededRateLimit } from './rate-limiter.errors.js';
export {
  checkRateLimiterPart,
  RATE_LIMITER_DEFAULTS,
  resolveRateLimiterOptions,
} from './rate-limiter.options.js';
export type {
  RateLimiterOptions,
  RateLimiterType,
  ResolvedRateLimiterOptions,
} from './rate-limiter.options.js';
export { RateLimiterRule } from './rate-limiter.rule.js';
export type { RateLimiterParts, RateLimiterSnapshot } from './rate-limiter.rule.js';
