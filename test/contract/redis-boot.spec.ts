import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import { startOwnRedis } from '../support/servers/redis-server.js';

const LONG_TEST_MS = 120_000;

/** As at the boot of an application: nobody waits for the connection, and nothing is kept for it. */
const LIBRARIES = [
  {
    library: 'ioredis',
    connecting: (url: string) => {
      const client = new Redis(url, { enableOfflineQueue: false });
      return { client, isConnected: once(client, 'ready'), close: () => client.quit() };
    },
  },
  {
    library: 'redis',
    connecting: (url: string) => {
      const client = createClient({ url, disableOfflineQueue: true });
      return { client, isConnected: client.connect(), close: () => client.close() };
    },
  },
] as const;

describe.each(LIBRARIES)('a Redis store over $library that is still connecting', ({ connecting }) => {
  let server: Awaited<ReturnType<typeof startOwnRedis>>;

  beforeAll(async () => {
    server = await startOwnRedis();
    const client = new Redis(server.url);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await client.quit();
  }, LONG_TEST_MS);

  afterAll(() => server.stop());

  it('ID-20: warns of a server that evicts', async () => {
    const { client, isConnected, close } = connecting(server.url);

    const warnings = await new RedisIdempotencyStore({ client }).warnings();
    await isConnected;
    await close();

    expect(warnings).toEqual([expect.stringContaining('allkeys-lru')]);
  });
});
