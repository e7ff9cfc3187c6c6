import type {
  BulkheadOptions,
  CircuitBreakerOptions,
  HedgeOptions,
  RateLimiterOptions,
  RetryOptions,
  TimeLimiterOptions,
} from 'nestjs-selfheal';
import type { Script } from './work.js';

/** Short waits: at full speed every state of every policy is met many times a second. */
export const RETRY: RetryOptions = { backoff: { initialDelay: 1, maxDelay: 4 }, budget: false };
export const BUDGETED: RetryOptions = { backoff: { initialDelay: 1, maxDelay: 4 }, budget: 'small' };
/** One that is often empty, and one that never is: a hedge that was refused leaves no other trace. */
export const BUDGETS = { small: {}, default: { capacity: 1_000_000_000 } } as const;
export const BREAKER: CircuitBreakerOptions = {
  minimumNumberOfCalls: 10,
  slidingWindow: { type: 'time', size: '1s' },
  waitDurationInOpenState: { initialDelay: '2ms', multiplier: 2, maxDelay: '20ms' },
};
/** More keys than it may hold: old ones make room. */
export const KEYED: CircuitBreakerOptions & { key: (script: Script) => string } = {
  ...BREAKER,
  key: ({ key }: Script) => key,
};
export const LIMIT: TimeLimiterOptions = { attemptTimeout: '6ms', totalTimeout: '40ms' };
export const BULKHEAD: BulkheadOptions = { maxConcurrentCalls: 2, maxQueueSize: 2, maxWaitDuration: '5ms' };
export const RATE: RateLimiterOptions = { limit: 20, window: '50ms' };
export const HEDGE: HedgeOptions = { delay: '3ms' };
export const FALLBACK_VALUE = 'fallback';
