import type { PostgresQueryable } from './postgres-clients.js';

/** Where the records are. */
export interface PostgresTable {
  /** Name of the schema, as it is. @defaultValue 'public' */
  readonly schema?: string;
  /** Name of the table, as it is. @defaultValue 'selfheal_idempotency' */
  readonly table?: string;
}

/** Quoted names, ready for a statement. */
export interface TableNames {
  /** Name of the table, as it is. */
  readonly table: string;
  readonly sequence: string;
}

/** What a PostgreSQL store's table is called where nothing is said. */
export const POSTGRES_TABLE_DEFAULTS = { schema: 'public', table: 'selfheal_idempotency' } as const;

/** Any number will do, as long as every version of this package takes the same one. */
const CREATION_LOCK = '7234185020417365811';
/** PostgreSQL cuts longer names silently; room for the suffixes. */
export const LONGEST_TABLE_NAME = 48;

/** An identifier, whatever characters it holds. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** The names of table and fence sequence. */
export function namesOf({ schema, table }: Required<PostgresTable>): TableNames {
  return {
    table: `${quoted(schema)}.${quoted(table)}`,
    sequence: `${quoted(schema)}.${quoted(`${table}_fence`)}`,
  };
}

/**
 * The schema as SQL, for migrations; `postgres-schema.sql` is the same for the default names. It may run any number
 * of times, and in many processes at once: an advisory lock that ends with its transaction lets one at a time create.
 * The table is a logged one: a crash empties those that are not.
 */
export function postgresSchemaSql(given: PostgresTable = {}): string {
  const names = { ...POSTGRES_TABLE_DEFAULTS, ...given };
  const { table, sequence } = namesOf(names);
  return `SELECT pg_advisory_xact_lock(${CREATION_LOCK});
CREATE SEQUENCE IF NOT EXISTS ${sequence} AS bigint CACHE 1;
CREATE TABLE IF NOT EXISTS ${table} (
  key bytea PRIMARY KEY,
  state smallint NOT NULL, -- 1 in progress, 2 completed, 3 released
  last_step text NOT NULL, -- what was done to it last, as: claimed, taken-over, renewed, completed
  fingerprint text NOT NULL,
  owner text NOT NULL,
  fence bigint NOT NULL,
  attempts integer NOT NULL,
  recovered boolean NOT NULL,
  lease_end timestamptz NOT NULL,
  retention_end timestamptz NOT NULL,
  outcome_kind text,
  metadata bytea, -- UTF-8 text, in bytes because text holds no zero character
  body bytea,
  created_at timestamptz NOT NULL,
  completed_at timestamptz
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX IF NOT EXISTS ${quoted(`${names.table}_retention`)} ON ${table} (retention_end);
`;
}

/**
 * Creates what is missing; the connection needs the right to. Sends one text without values, which the server runs
 * as one transaction, behind a pooler too.
 */
export async function createPostgresSchema(
  client: PostgresQueryable,
  given: PostgresTable = {},
): Promise<void> {
  const names = { ...POSTGRES_TABLE_DEFAULTS, ...given };
  const { table, sequence } = namesOf(names);
  const index = `${quoted(names.schema)}.${quoted(`${names.table}_retention`)}`;
  const known = await client.query(
    `SELECT ${[table, sequence, index].map((name) => `to_regclass(${literal(name)}) IS NOT NULL`).join(' AND ')} AS known`,
  );
  const [row] = known.rows;
  if (row !== undefined && row !== null && Reflect.get(row, 'known') === true) return;
  await client.query(postgresSchemaSql(given));
}
