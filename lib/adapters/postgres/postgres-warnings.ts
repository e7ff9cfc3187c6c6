import { type Clock, onAbort } from '../../core/index.js';
import type { PostgresConnections } from './postgres-connection.js';

const LONGEST_LOOK_MS = 1_000;

function missing(table: string): string {
  return (
    `The table ${table} of the idempotency store does not exist, and \`createTable\` is off: every guarded call is ` +
    'refused as if the store were down. Run the SQL of postgresSchemaSql() in a migration.'
  );
}

/** What to say at boot; a server that does not answer, or not soon, is no reason to hold a boot. */
export function postgresWarnings(
  connections: PostgresConnections,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  if (signal?.aborted === true) return Promise.resolve([]);
  return new Promise((resolve) => {
    const end = (warnings: readonly string[] = []): void => {
      last.cancel();
      stopWatching?.();
      resolve(warnings);
    };
    const last = clock.schedule(LONGEST_LOOK_MS, () => end(), { idle: true });
    const stopWatching = signal && onAbort(signal, () => end());
    connections.missingTable().then(
      (table) => end(table === undefined ? [] : [missing(table)]),
      // Its operations say so themselves.
      () => end(),
    );
  });
}
