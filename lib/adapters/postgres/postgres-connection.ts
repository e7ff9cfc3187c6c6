import { fieldOf } from '../../core/index.js';
import type { PostgresQueryable, PostgresResult } from './postgres-clients.js';
import { createPostgresSchema, namesOf } from './postgres-schema.js';
import type { ResolvedPostgresOptions } from './postgres.options.js';

/** What is used of a pool that the store makes. */
interface OwnPool extends PostgresQueryable {
  end(): Promise<void>;
}

/** The store's way to the server: connects at the first use, and creates the table if it is to. */
export class PostgresConnections {
  private opened: Promise<OwnPool> | undefined;
  private prepared: Promise<void> | undefined;

  constructor(private readonly options: Pick<ResolvedPostgresOptions, 'source' | 'names' | 'createTable'>) {}

  /** One statement, one round trip; before the first one the table is looked for. */
  async query(text: string, values: unknown[]): Promise<PostgresResult> {
    await this.prepare();
    return (await this.pool()).query(text, values);
  }

  /** Creates what is missing; tried again by the next call where it failed. */
  prepare(): Promise<void> {
    if (!this.options.createTable) return Promise.resolve();
    this.prepared ??= this.create().catch((error: unknown) => {
      this.prepared = undefined;
      throw error;
    });
    return this.prepared;
  }

  /** Name of the table where it is missing and is not to be created here. */
  async missingTable(): Promise<string | undefined> {
    const { createTable, names } = this.options;
    if (createTable) return undefined;
    const { table } = namesOf(names);
    const { rows } = await this.query('SELECT to_regclass($1) IS NULL AS missing', [table]);
    const [row] = rows;
    return fieldOf(row, 'missing') === true ? table : undefined;
  }

  /** Closes the pool that was made here. */
  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    await (await opened)?.end();
  }

  private async create(): Promise<void> {
    await createPostgresSchema(await this.pool(), this.options.names);
  }

  private pool(): Promise<PostgresQueryable> {
    const { source } = this.options;
    if (source.kind === 'given') return Promise.resolve(source.pool);
    this.opened ??= openPool(source.config).catch((error: unknown) => {
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }
}

/** Imported here and not above: this door can be loaded where `pg` is not installed. */
async function openPool(config: Readonly<Record<string, unknown>>): Promise<OwnPool> {
  const { Pool } = await import('pg');
  const pool = new Pool(config);
  // An idle connection that breaks is replaced by the next query; unheard, it would end the process.
  pool.on('error', () => undefined);
  return {
    query: (text, values) => pool.query(text, values),
    end: () => pool.end(),
  };
}
