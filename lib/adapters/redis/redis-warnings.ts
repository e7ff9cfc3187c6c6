import type { Clock } from '../../core/index.js';
import { isConnectionFailure, lookAtBoot } from '../../policies/idempotency/index.js';
import type { RedisCommands } from './redis-clients.js';

const OFFLINE_QUEUE =
  'The Redis client of the idempotency store has its offline queue on: while the server is away commands are kept ' +
  'and executed when it returns, long after their calls were refused. Turn it off (ioredis: enableOfflineQueue: ' +
  'false; node-redis: disableOfflineQueue: true).';

function evicting(policy: string): string {
  return (
    `The Redis server of the idempotency store has maxmemory-policy "${policy}": when its memory is full it drops ` +
    'records before their time, and a method whose record was dropped runs again. Set it to "noeviction".'
  );
}

/** What to say at boot; a server that does not answer, or not soon, is no reason to hold a boot. */
export async function redisWarnings(
  commands: RedisCommands,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const warnings = commands.hasOfflineQueue ? [OFFLINE_QUEUE] : [];
  const look = async (): Promise<string | undefined> => policyIn(await commands.configOf('maxmemory-policy'));
  // At boot a client is often still connecting, and without an offline queue it refuses at once.
  const policy = await lookAtBoot(look, { clock, signal, again: isConnectionFailure });
  return policy === undefined || policy === 'noeviction' ? warnings : [...warnings, evicting(policy)];
}

/** ioredis answers a list, node-redis a record. */
function policyIn(reply: unknown): string | undefined {
  const value: unknown = Array.isArray(reply) ? reply[1] : Object.values(reply ?? {})[0];
  return value === undefined ? undefined : String(value);
}
