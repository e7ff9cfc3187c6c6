import type { Observable } from 'rxjs';
import type { RateLimiterRejectedEvent } from '../../core/index.js';
import type {
  RateLimiterOptions,
  RateLimiterRule,
  RateLimiterSnapshot,
} from '../../policies/rate-limiter/index.js';
import type { ResilienceEvents } from '../resilience.events.js';
import type { ResilienceRuntime } from '../runtime/index.js';
import { eventsOf, SharedRegistry } from './shared-registry.js';

/** The rate limiters of this application, by name; one without a name is called `Class.method`. */
export class RateLimiterRegistry extends SharedRegistry<
  RateLimiterOptions,
  RateLimiterRule,
  RateLimiterSnapshot
> {
  /** The refusals of all rate limiters of this application. */
  readonly events$: Observable<RateLimiterRejectedEvent>;

  constructor(runtime: ResilienceRuntime, events: ResilienceEvents) {
    super(runtime, runtime.engine.rateLimiters);
    this.events$ = eventsOf(events, 'rate-limiter.rejected');
  }
}
