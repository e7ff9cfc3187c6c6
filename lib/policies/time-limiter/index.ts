export { TimeoutExceededError } from './time-limiter.errors.js';
export type { ExceededTimeout, TimeLimitKind } from './time-limiter.errors.js';
export { resolveTimeLimiterOptions } from './time-limiter.options.js';
export type { ResolvedTimeLimiterOptions, TimeLimiterOptions } from './time-limiter.options.js';
export { TimeLimit } from './time-limiter.rule.js';
export type { TimeLimitParts } from './time-limiter.rule.js';
