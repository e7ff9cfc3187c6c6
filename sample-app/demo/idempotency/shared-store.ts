import type { Session } from '../session.js';
import type { RedisSettings } from './redis.process.js';

/** The server in which the API processes keep their records together. */
export interface SharedStore {
  readonly name: string;
  /** What an API process must be told to find it. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The server of REDIS_URL or DATABASE_URL where one is given, else a Redis of the demo's own.
 *
 * @throws {Error} where there is none of them
 */
export async function openSharedStore(session: Session): Promise<SharedStore> {
  const { REDIS_URL: redis, DATABASE_URL: database, REDIS_SERVER: program } = process.env;
  if (redis) return { name: 'the Redis of REDIS_URL', env: {} };
  if (database) return { name: 'the PostgreSQL of DATABASE_URL', env: {} };
  if (!program) throw new Error('set REDIS_URL or DATABASE_URL, or REDIS_SERVER to the path of redis-server');
  const settings: RedisSettings = { program };
  const script = './idempotency/redis.process.js';
  const { port } = await session.orEnd(session.children.start({ title: 'redis-server', script, settings }));
  return { name: 'a Redis of their own', env: { REDIS_URL: `redis://127.0.0.1:${port}` } };
}
