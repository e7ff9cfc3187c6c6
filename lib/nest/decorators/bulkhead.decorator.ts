import type { BulkheadOptions } from '../../policies/bulkhead/index.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * Bounds how many executions run at a time; the next wait in line or are refused with `BulkheadFullError`.
 *
 * @param options options, the name of a shared bulkhead, or the number of concurrent calls
 */
export function Bulkhead(options: BulkheadOptions | string | number = {}): PolicyDecorator {
  return policyDecorator({ decorator: 'Bulkhead', policy: 'bulkhead', options });
}
