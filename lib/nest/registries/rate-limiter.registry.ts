import type {
  RateLimiterOptions,
  RateLimiterRule,
  RateLimiterSnapshot,
} from '../../policies/rate-limiter/index.js';
import type { ResilienceRuntime } from '../runtime/index.js';
import { SharedRegistry } from './shared-registry.js';

/** The rate limiters of this application, by name; one without a name is called `Class.method`. */
export class RateLimiterRegistry extends SharedRegistry<
  RateLimiterOptions,
  RateLimiterRule,
  RateLimiterSnapshot
> {
  constructor(runtime: ResilienceRuntime) {
    super(runtime.engine.rateLimiters);
  }
}
