import { type Clock, type Duration, OptionCheck, SystemClock } from '../../core/index.js';
import { commandsOf, type RedisClientLike, type RedisCommands } from './redis-clients.js';

/** How long a claim and an outcome wait for copies of themselves. */
export interface ReplicaWait {
  /** Replicas that are to have it, at least 1. */
  readonly replicas: number;
  /** Longest wait, at least 1 ms; below the module's `storeTimeout`. @defaultValue '100ms' */
  readonly atMost?: Duration;
}

/** What a Redis store is made of. */
export interface RedisIdempotencyStoreOptions {
  /** A connected ioredis or node-redis client; the store never closes it. */
  readonly client: RedisClientLike;
  /** What the names of records begin with, before a colon. @defaultValue 'selfheal' */
  readonly namespace?: string;
  /**
   * Sends `WAIT` after each new claim and each outcome. It narrows the window in which a failover loses them and
   * does not close it: a replica that was waited for need not be the one that is promoted, and what was not
   * copied in time counts all the same. It blocks the connection meanwhile. Not for clusters.
   *
   * @defaultValue none
   */
  readonly waitForReplicas?: ReplicaWait;
  /** The source of time and timers. @defaultValue the clock of the machine */
  readonly clock?: Clock;
}

/** A checked wait for copies. */
export interface ResolvedReplicaWait {
  readonly replicas: number;
  readonly atMostMs: number;
}

/** Checked options. */
export interface ResolvedRedisOptions {
  readonly commands: RedisCommands;
  readonly namespace: string;
  readonly waitForReplicas: ResolvedReplicaWait | undefined;
  /** The source of time and timers. */
  readonly clock: Clock;
}

/** What a Redis store has where nothing is said. */
export const REDIS_STORE_DEFAULTS = { namespace: 'selfheal', atMost: '100ms' } as const;

const KNOWN = ['client', 'namespace', 'waitForReplicas', 'clock'];
const EXPECTED = 'must be a client of ioredis (5 or above) or of redis (node-redis, 5 or above)';

/** @throws {InvalidOptionsError} with field, value and what would be right */
export function resolveRedisOptions(given: RedisIdempotencyStoreOptions): ResolvedRedisOptions {
  const check = new OptionCheck('idempotent', 'RedisIdempotencyStore');
  check.onlyKnown(given, KNOWN);
  const { namespace = REDIS_STORE_DEFAULTS.namespace, clock = new SystemClock() } = given;
  return {
    commands: commandsOf(given.client) ?? check.refuse('client', given.client, EXPECTED),
    namespace: check.text('namespace', namespace),
    waitForReplicas: resolvedWait(check, given.waitForReplicas),
    clock,
  };
}

function resolvedWait(
  check: OptionCheck,
  given: ReplicaWait | undefined,
): ResolvedRedisOptions['waitForReplicas'] {
  if (given === undefined) return undefined;
  check.onlyKnown(given, ['replicas', 'atMost'], 'waitForReplicas');
  const { replicas, atMost = REDIS_STORE_DEFAULTS.atMost } = given;
  return {
    replicas: check.wholeNumber('waitForReplicas.replicas', replicas, 1),
    // WAIT counts whole milliseconds, and takes 0 for ever.
    atMostMs: Math.ceil(check.durationMs('waitForReplicas.atMost', atMost, 1)),
  };
}
