import { Redis } from 'ioredis';
import { type IdempotencyStore, MemoryIdempotencyStore } from 'nestjs-selfheal';
import { PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
import { RedisIdempotencyStore } from 'nestjs-selfheal/redis';
import { startPostgres } from './postgres-server.js';
import { startRedis } from './redis-server.js';

/** A slow store is not what such tests are about, and the machine may be busy. */
export const PATIENCE = '20s';

/** Stores of several processes that share their records. */
export interface SharedStores {
  /** A store of one more process. */
  open(): Promise<IdempotencyStore>;
  close(): Promise<void>;
}

async function memoryStores(): Promise<SharedStores> {
  // One process is all that it can be shared by.
  const store = new MemoryIdempotencyStore();
  return { open: async () => store, close: async () => undefined };
}

async function redisStores(): Promise<SharedStores> {
  const server = await startRedis();
  const clients: Redis[] = [];
  const open = async (): Promise<IdempotencyStore> => {
    const client = new Redis(server.url, { enableOfflineQueue: false, lazyConnect: true });
    await client.connect();
    clients.push(client);
    return new RedisIdempotencyStore({ client, namespace: server.namespace });
  };
  const close = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.quit()));
    await server.stop();
  };
  return { open, close };
}

async function postgresStores(): Promise<SharedStores> {
  const server = await startPostgres();
  const stores: PostgresIdempotencyStore[] = [];
  const open = async (): Promise<IdempotencyStore> => {
    const store = new PostgresIdempotencyStore({
      connection: server.url,
      statementTimeout: PATIENCE,
    });
    stores.push(store);
    return store;
  };
  const close = async (): Promise<void> => {
    await Promise.all(stores.map((store) => store.close()));
    await server.stop();
  };
  return { open, close };
}

/** Every kind of store. */
export const STORES = [
  { name: 'memory', start: memoryStores },
  { name: 'Redis', start: redisStores },
  { name: 'PostgreSQL', start: postgresStores },
];
