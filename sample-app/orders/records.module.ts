import { Module, type OnApplicationShutdown } from '@nestjs/common';
import type { IdempotencyStore } from 'nestjs-selfheal';

/** Where it is kept which keys have been used, and what was answered. */
export abstract class Records {
  abstract readonly store: IdempotencyStore | 'memory';
  abstract close(): Promise<void>;
}

/** All processes of one shop share a server; a process without one keeps its records for itself. */
async function openRecords(): Promise<Records> {
  const { REDIS_URL: redis, DATABASE_URL: database } = process.env;
  if (redis) return inRedis(redis);
  if (database) return inPostgres(database);
  return { store: 'memory', close: () => Promise.resolve() };
}

async function inRedis(url: string): Promise<Records> {
  const { Redis } = await import('ioredis');
  const { RedisIdempotencyStore } = await import('nestjs-selfheal/redis');
  const client = new Redis(url, { lazyConnect: true, enableOfflineQueue: false });
  client.on('error', () => undefined); // the store's operations tell of it
  await client.connect();
  const close = async (): Promise<void> => client.disconnect();
  return { store: new RedisIdempotencyStore({ client }), close };
}

async function inPostgres(connection: string): Promise<Records> {
  const { PostgresIdempotencyStore } = await import('nestjs-selfheal/postgres');
  const store = new PostgresIdempotencyStore({ connection });
  return { store, close: () => store.close() };
}

@Module({ providers: [{ provide: Records, useFactory: openRecords }], exports: [Records] })
export class RecordsModule implements OnApplicationShutdown {
  constructor(private readonly records: Records) {}

  async onApplicationShutdown(): Promise<void> {
    await this.records.close();
  }
}
