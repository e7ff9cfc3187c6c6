import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
import pg from 'pg';
import { ContractKey } from '../../lib/testing/store-contract-world.js';
import { startPostgres, type TestPostgres } from '../support/servers/postgres-server.js';

const LONG_TEST_MS = 120_000;

describe('the connections of a PostgreSQL store', () => {
  let server: TestPostgres;
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await startPostgres();
    pool = new pg.Pool({ connectionString: server.url, max: 1, allowExitOnIdle: true });
  }, LONG_TEST_MS);

  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  it('keep the startup options that they are given', async () => {
    const options = '-c application_name=orders-of-this-test';
    const store = new PostgresIdempotencyStore({ connection: { connectionString: server.url, options } });
    await new ContractKey(store).acquire();

    const { rows } = await pool.query('SELECT 1 FROM pg_stat_activity WHERE application_name = $1', [
      'orders-of-this-test',
    ]);
    await store.close();

    expect(rows).toHaveLength(1);
  });

  it('keep those of the URL, beside the settings of the store', async () => {
    const url = new URL(server.url);
    url.searchParams.set('options', '-c application_name=url-of-this-test');
    const store = new PostgresIdempotencyStore({
      connection: url.href,
      poolSize: 1,
      statementTimeout: '100ms',
    });
    const key = new ContractKey(store);
    await key.acquire();
    const named = await pool.query('SELECT 1 FROM pg_stat_activity WHERE application_name = $1', [
      'url-of-this-test',
    ]);
    await pool.query('BEGIN');
    await pool.query('LOCK TABLE public.selfheal_idempotency IN ACCESS EXCLUSIVE MODE');
    const refused = await key.read().catch((error: unknown) => error);
    await pool.query('ROLLBACK');
    await store.close();

    expect(refused).toMatchObject({ code: '57014' });
    expect(named.rows).toHaveLength(1);
  });

  it('tell at boot of a table that is missing and that nobody is to create', async () => {
    const missing = { connection: server.url, table: 'Not "here"', createTable: false };
    const stores = [
      new PostgresIdempotencyStore(missing),
      new PostgresIdempotencyStore({ ...missing, createTable: true }),
      new PostgresIdempotencyStore({ ...missing, connection: 'postgres://127.0.0.1:1/nothing' }),
    ];
    const told = await Promise.all(stores.map((store) => store.warnings()));
    await stores[1]?.prepare();
    const toldAfter = await stores[0]?.warnings();
    await Promise.all(stores.map((store) => store.close()));

    expect(told).toEqual([[expect.stringContaining('"Not ""here""" of the idempotency store')], [], []]);
    expect(toldAfter).toEqual([]);
  });
});
