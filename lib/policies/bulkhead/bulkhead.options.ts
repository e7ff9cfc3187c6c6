import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';

/** How many executions there may be at a time, and who may wait for one to end. */
export interface BulkheadOptions {
  /**
   * All methods that give this name share one bulkhead.
   *
   * @defaultValue none: one for the class and method
   */
  readonly name?: string;
  /**
   * Executions at a time, at least 1.
   *
   * @defaultValue 25
   */
  readonly maxConcurrentCalls?: number;
  /**
   * Calls that may wait for a place, first in first out; 0 refuses at once.
   *
   * @defaultValue 0
   */
  readonly maxQueueSize?: number;
  /**
   * Longest wait in the queue.
   *
   * @defaultValue none: a call waits as long as it lives
   */
  readonly maxWaitDuration?: Duration;
}

/** Checked options of a bulkhead. */
export interface ResolvedBulkheadOptions {
  readonly maxConcurrentCalls: number;
  readonly maxQueueSize: number;
  readonly maxWaitDurationMs: number | undefined;
}

/** What a bulkhead has where nothing is said. */
export const BULKHEAD_DEFAULTS = { maxConcurrentCalls: 25, maxQueueSize: 0 } as const;

const FIELDS: readonly string[] = [
  'name',
  'maxConcurrentCalls',
  'maxQueueSize',
  'maxWaitDuration',
] satisfies (keyof BulkheadOptions)[];

/**
 * Gives limits that a bulkhead can keep, or throws.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveBulkheadOptions(
  operation: string,
  given: BulkheadOptions = {},
): ResolvedBulkheadOptions {
  const check = new OptionCheck('bulkhead', operation);
  check.onlyKnown(given, FIELDS);
  const {
    name,
    maxConcurrentCalls = BULKHEAD_DEFAULTS.maxConcurrentCalls,
    maxQueueSize = BULKHEAD_DEFAULTS.maxQueueSize,
    maxWaitDuration,
  } = given;
  if (name !== undefined) check.text('name', name);
  return {
    maxConcurrentCalls: check.wholeNumber('maxConcurrentCalls', maxConcurrentCalls, 1),
    maxQueueSize: check.wholeNumber('maxQueueSize', maxQueueSize, 0),
    maxWaitDurationMs:
      maxWaitDuration === undefined ? undefined : check.durationMs('maxWaitDuration', maxWaitDuration),
  };
}
