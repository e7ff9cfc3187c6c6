export { BulkheadFullError } from './bulkhead.errors.js';
export type { FullBulkhead } from './bulkhead.errors.js';
export { BULKHEAD_DEFAULTS, resolveBulkheadOptions } from './bulkhead.options.js';
export type { BulkheadOptions, ResolvedBulkheadOptions } from './bulkhead.options.js';
export { BulkheadRule } from './bulkhead.rule.js';
export type { BulkheadParts, BulkheadSnapshot } from './bulkhead.rule.js';
