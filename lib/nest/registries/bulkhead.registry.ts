import type { Observable } from 'rxjs';
import type { BulkheadRejectedEvent } from '../../core/index.js';
import type { BulkheadOptions, BulkheadRule, BulkheadSnapshot } from '../../policies/bulkhead/index.js';
import type { ResilienceEvents } from '../resilience.events.js';
import type { ResilienceRuntime } from '../runtime/index.js';
import { eventsOf, SharedRegistry } from './shared-registry.js';

/** The bulkheads of this application, by name; one without a name is called `Class.method`. */
export class BulkheadRegistry extends SharedRegistry<BulkheadOptions, BulkheadRule, BulkheadSnapshot> {
  /** The refusals of all bulkheads of this application. */
  readonly events$: Observable<BulkheadRejectedEvent>;

  constructor(runtime: ResilienceRuntime, events: ResilienceEvents) {
    super(runtime, runtime.engine.bulkheads);
    this.events$ = eventsOf(events, 'bulkhead.rejected');
  }
}
