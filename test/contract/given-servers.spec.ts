import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createClient } from 'redis';
import { STORES } from '../support/servers/shared-stores.js';
import { type OwnPostgres, startOwnPostgres, startPostgres } from '../support/servers/postgres-server.js';
import { type OwnRedis, startOwnRedis } from '../support/servers/redis-server.js';

const LONG_TEST_MS = 120_000;
const given = { redis: process.env['REDIS_URL'], database: process.env['DATABASE_URL'] };
const CLAIM = { storedKey: 'ab'.repeat(32), fingerprint: 'v1:a', ownerId: 'owner', retentionMs: 600_000 };

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

describe('suites that are given a server', () => {
  let redis: OwnRedis;
  let postgres: OwnPostgres;

  beforeAll(async () => {
    redis = await startOwnRedis();
    postgres = await startOwnPostgres();
  }, LONG_TEST_MS);

  afterEach(() => {
    restore('REDIS_URL', given.redis);
    restore('DATABASE_URL', given.database);
  });

  afterAll(async () => {
    await redis.stop();
    await postgres.stop();
  });

  async function useStores(name: string): Promise<void> {
    const stores = await STORES.find((each) => each.name === name)?.start();
    const store = await stores?.open();
    expect(await store?.begin({ ...CLAIM, leaseMs: 60_000 })).toMatchObject({ kind: 'acquired' });
    await stores?.close();
  }

  it('use the Redis of REDIS_URL beside the keys of others, and leave it as it was', async () => {
    const url = `${redis.url}/3`;
    const client = await createClient({ url }).connect();
    await client.set('selfheal:precious', 'kept');
    const commandsBefore = await client.info('commandstats');
    process.env['REDIS_URL'] = url;

    await useStores('Redis');

    expect(commandsBefore).not.toContain('cmdstat_eval');
    expect(await client.info('commandstats')).toContain('cmdstat_eval');
    expect(await client.keys('*')).toEqual(['selfheal:precious']);
    await client.close();
  });

  it('use a database of their own on the server of DATABASE_URL, and leave it as it was', async () => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const databases = async (): Promise<unknown> =>
      (await client.query('SELECT datname FROM pg_database ORDER BY datname')).rows;
    const before = await databases();
    process.env['DATABASE_URL'] = postgres.url;

    await useStores('PostgreSQL');
    const { url, stop } = await startPostgres();
    await stop();

    expect(new URL(url).host).toBe(new URL(postgres.url).host);
    expect(url).not.toBe(postgres.url);
    expect(await databases()).toEqual(before);
    const { rows } = await client.query("SELECT to_regclass('public.selfheal_idempotency') AS found");
    expect(rows).toEqual([{ found: null }]);
    await client.end();
  });
});
