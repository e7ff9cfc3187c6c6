import { type Clock, type Duration, OptionCheck, SystemClock } from '../../core/index.js';
import { hasMembers, type PostgresQueryable } from './postgres-clients.js';
import { LONGEST_TABLE_NAME, POSTGRES_TABLE_DEFAULTS, type PostgresTable } from './postgres-schema.js';

/** What a PostgreSQL store is made of: a connection for a pool of its own, or a pool. */
export interface PostgresIdempotencyStoreOptions extends PostgresTable {
  /**
   * A connection string, or the configuration of a `pg` client, for a small pool of the store's own: methods that
   * hold every connection of the application's cannot keep it from making progress. Needs `pg`.
   */
  readonly connection?: string | Readonly<Record<string, unknown>>;
  /** Most connections of the own pool, at least 1. @defaultValue 3 */
  readonly poolSize?: number;
  /** In the place of `connection`: a pool, or anything with `query(text, values)`. The store never closes it. */
  readonly pool?: PostgresQueryable;
  /** Creates table, sequence and index where they are missing, at the first use. @defaultValue true */
  readonly createTable?: boolean;
  /** Longest wait for a row that another one has locked; below the module's `storeTimeout`. @defaultValue '250ms' */
  readonly lockTimeout?: Duration;
  /**
   * Own pool only: after so long the server stops a statement, and no connection is waited for any longer; as long
   * as the module's `storeTimeout`.
   *
   * @defaultValue '1s'
   */
  readonly statementTimeout?: Duration;
  /**
   * Own pool only: whether connections begin with settings (isolation, statement timeout). `false` behind a pooler
   * that refuses startup parameters; set them for the role instead.
   *
   * @defaultValue true
   */
  readonly sessionSettings?: boolean;
  /** The source of time and timers. @defaultValue the clock of the machine */
  readonly clock?: Clock;
}

/** Where statements go: a pool that was given, or how one is made. */
export type PostgresSource =
  | { readonly kind: 'given'; readonly pool: PostgresQueryable }
  | { readonly kind: 'own'; readonly config: Readonly<Record<string, unknown>> };

/** Checked options. */
export interface ResolvedPostgresOptions {
  readonly source: PostgresSource;
  readonly names: Required<PostgresTable>;
  readonly createTable: boolean;
  readonly lockTimeoutMs: number;
  /** The source of time and timers. */
  readonly clock: Clock;
}

/** What a PostgreSQL store has where nothing is said. */
export const POSTGRES_STORE_DEFAULTS = {
  ...POSTGRES_TABLE_DEFAULTS,
  poolSize: 3,
  createTable: true,
  lockTimeout: '250ms',
  statementTimeout: '1s',
  sessionSettings: true,
} as const;

const KNOWN = [...Object.keys(POSTGRES_STORE_DEFAULTS), 'connection', 'pool', 'clock'];

/** @throws {InvalidOptionsError} with field, value and what would be right */
export function resolvePostgresOptions(given: PostgresIdempotencyStoreOptions): ResolvedPostgresOptions {
  const check = new OptionCheck('idempotent', 'PostgresIdempotencyStore');
  check.onlyKnown(given, KNOWN);
  const options = { ...POSTGRES_STORE_DEFAULTS, ...given };
  const table = check.text('table', options.table);
  if (Buffer.byteLength(table) > LONGEST_TABLE_NAME) {
    check.refuse('table', table, `must have at most ${LONGEST_TABLE_NAME} bytes`);
  }
  return {
    source: sourceOf(check, options),
    names: { schema: check.text('schema', options.schema), table },
    createTable: check.flag('createTable', options.createTable),
    lockTimeoutMs: Math.ceil(check.durationMs('lockTimeout', options.lockTimeout, 1)),
    clock: options.clock ?? new SystemClock(),
  };
}

type Filled = PostgresIdempotencyStoreOptions &
  Required<Pick<PostgresIdempotencyStoreOptions, 'poolSize' | 'statementTimeout' | 'sessionSettings'>>;

function sourceOf(check: OptionCheck, options: Filled): PostgresSource {
  const { pool, connection } = options;
  if ((pool === undefined) === (connection === undefined)) {
    check.refuse('pool', pool, 'must be given, or else `connection`, and not both');
  }
  if (pool !== undefined) {
    if (hasMembers(pool, 'query')) return { kind: 'given', pool };
    check.refuse('pool', pool, 'must be a pool of pg (8.11 or above), or have query(text, values)');
  }
  return { kind: 'own', config: configOf(check, options) };
}

function configOf(check: OptionCheck, options: Filled): Readonly<Record<string, unknown>> {
  const { connection } = options;
  const timeoutMs = Math.ceil(check.durationMs('statementTimeout', options.statementTimeout, 1));
  const settings = `-c default_transaction_isolation=read\\ committed -c statement_timeout=${timeoutMs}`;
  const isObject = typeof connection === 'object' && connection !== null;
  const own = ownOptions(isObject ? connection : { connectionString: check.text('connection', connection) });
  return {
    ...own,
    max: check.wholeNumber('poolSize', options.poolSize, 1),
    connectionTimeoutMillis: timeoutMs,
    // An idle connection keeps no process alive.
    allowExitOnIdle: true,
    ...(check.flag('sessionSettings', options.sessionSettings) && { options: besides(own, settings) }),
  };
}

/** What `pg` would let win over everything else that it is given. */
const OPTIONS_OF_URL = /([?&])options=([^&#]*)&?/g;

interface OwnOptions {
  readonly connectionString?: unknown;
  readonly options?: unknown;
}

/** With the startup options beside the URL that they stand in. */
function ownOptions(own: OwnOptions): OwnOptions {
  const { connectionString } = own;
  if (typeof connectionString !== 'string') return own;
  const found = [...connectionString.matchAll(OPTIONS_OF_URL)].at(-1)?.[2];
  if (found === undefined) return own;
  const options = new URLSearchParams(`options=${found}`).get('options');
  return { ...own, options, connectionString: connectionString.replaceAll(OPTIONS_OF_URL, '$1') };
}

/** Startup options of the application's own, as a role, hold beside those of the store. */
function besides({ options }: OwnOptions, settings: string): string {
  return typeof options === 'string' ? `${options} ${settings}` : settings;
}
