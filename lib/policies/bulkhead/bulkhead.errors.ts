import { ResilienceError, type ResilienceErrorFacts } from '../../core/errors.js';

/** How full the bulkhead was. */
export interface FullBulkhead extends ResilienceErrorFacts {
  readonly maxConcurrentCalls: number;
  readonly maxQueueSize: number;
  /** How long the call had waited, where it was in the queue. */
  readonly waitedMs?: number;
}

/** No place is free, nor one in the queue, or the wait was too long; the method was not called. */
export class BulkheadFullError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_BULKHEAD_FULL';

  constructor(full: FullBulkhead) {
    const { operation, policy, maxConcurrentCalls, maxQueueSize, waitedMs } = full;
    const fact =
      waitedMs === undefined
        ? `is full (${maxConcurrentCalls} at a time, ${maxQueueSize} may wait)`
        : `had no place for ${waitedMs} ms (${maxConcurrentCalls} at a time)`;
    super(`${operation}: bulkhead "${policy}" ${fact}`, full);
  }
}
