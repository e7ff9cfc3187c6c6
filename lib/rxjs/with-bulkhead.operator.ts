import type { MonoTypeOperatorFunction } from 'rxjs';
import type { BulkheadRule } from '../policies/bulkhead/index.js';
import { operator, type OperatorOptions } from './operator.js';

/** Bounds how many subscriptions of the source run at a time; a slot is free when the stream ends or is left. */
export function withBulkhead<T>(
  bulkhead: BulkheadRule,
  options: OperatorOptions = {},
): MonoTypeOperatorFunction<T> {
  const { operation = bulkhead.name } = options;
  const { environment } = bulkhead;
  return operator<T>({ operation, environment, steps: [{ word: 'bulkhead', rule: bulkhead }] });
}
