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
});
