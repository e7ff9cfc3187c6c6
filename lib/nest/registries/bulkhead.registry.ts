import type { BulkheadOptions, BulkheadRule, BulkheadSnapshot } from '../../policies/bulkhead/index.js';
import type { ResilienceRuntime } from '../runtime/index.js';
import { SharedRegistry } from './shared-registry.js';

/** The bulkheads of this application, by name; one without a name is called `Class.method`. */
export class BulkheadRegistry extends SharedRegistry<BulkheadOptions, BulkheadRule, BulkheadSnapshot> {
  constructor(runtime: ResilienceRuntime) {
    super(runtime.engine.bulkheads);
  }
}
