import type { Clock } from '../../core/index.js';
import { lookAtBoot } from '../../policies/idempotency/index.js';
import type { PostgresConnections } from './postgres-connection.js';

function missing(table: string): string {
  return (
    `The table ${table} of the idempotency store does not exist, and \`createTable\` is off: every guarded call is ` +
    'refused as if the store were down. Run the SQL of postgresSchemaSql() in a migration.'
  );
}

/** What to say at boot. What else is wrong with the server its operations say themselves. */
export async function postgresWarnings(
  connections: PostgresConnections,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const table = await lookAtBoot(() => connections.missingTable(), { clock, signal });
  return table === undefined ? [] : [missing(table)];
}
