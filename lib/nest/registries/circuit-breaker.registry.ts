import type { Observable } from 'rxjs';
import type { CircuitBreakerRejectedEvent, CircuitBreakerStateChangedEvent } from '../../core/index.js';
import type { Breaker } from '../../pipeline/index.js';
import type { CircuitBreakerOptions, CircuitBreakerSnapshot } from '../../policies/circuit-breaker/index.js';
import type { ResilienceEvents } from '../resilience.events.js';
import type { ResilienceRuntime } from '../runtime/index.js';
import { eventsOf, SharedRegistry } from './shared-registry.js';

/** What a breaker tells. */
export type CircuitBreakerEvent = CircuitBreakerStateChangedEvent | CircuitBreakerRejectedEvent;

/** The circuit breakers of this application, by name; one without a name is called `Class.method`. */
export class CircuitBreakerRegistry extends SharedRegistry<
  CircuitBreakerOptions,
  Breaker,
  CircuitBreakerSnapshot
> {
  /** The events of all breakers of this application. */
  readonly events$: Observable<CircuitBreakerEvent>;

  constructor(runtime: ResilienceRuntime, events: ResilienceEvents) {
    super(runtime, runtime.engine.breakers);
    this.events$ = eventsOf(events, 'circuit-breaker.state-changed', 'circuit-breaker.rejected');
  }
}
