import type { EngineIdempotency } from '../pipeline/index.js';

const MEMORY_WARNING =
  'idempotency keeps its records in memory, and NODE_ENV is production: a restart forgets them, and other ' +
  'processes do not see them; give a shared store as `idempotency.store`';

/** A store that other processes do not see is most likely a slip in production. */
export function warnOfMemory(idempotency: EngineIdempotency): void {
  if (idempotency.isInMemory && process.env['NODE_ENV'] === 'production') idempotency.warn(MEMORY_WARNING);
}
