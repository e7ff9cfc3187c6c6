/** What is used of ioredis (5 and above), of its `Cluster`, and of forks with its interface. */
export interface IoRedisLike {
  /** Runs a script by its digest. */
  evalsha(...args: never[]): unknown;
  /** Runs a script by its text. */
  eval(...args: never[]): unknown;
  /** At run time every command has a twin that answers with buffers; ioredis types not all of them. */
  callBuffer(...args: never[]): unknown;
}

/** What is used of node-redis (5 and above), of its cluster and of its pool. */
export interface NodeRedisLike {
  /** The same client, answering with bytes. */
  withTypeMapping(...args: never[]): unknown;
  /** Runs a script by its digest. */
  evalSha(...args: never[]): unknown;
  /** Runs a script by its text. */
  eval(...args: never[]): unknown;
}

/** A client of either library; neither is imported, so neither needs to be installed. */
export type RedisClientLike = IoRedisLike | NodeRedisLike;

/** What the store asks of a client, whichever library it is of. */
export interface RedisCommands {
  /** Sends a script by its digest; bulk strings of the reply are buffers. */
  evalSha(sha1: string, key: string, args: readonly (string | Buffer)[]): Promise<unknown>;
  /** Runs a script by its text. */
  eval(script: string, key: string, args: readonly (string | Buffer)[]): Promise<unknown>;
  ping(): Promise<unknown>;
  /** Answers `[name, value]` or a record. */
  configOf(setting: string): Promise<unknown>;
  /** How many replicas have what this connection wrote. */
  wait(replicas: number, atMostMs: number): Promise<unknown>;
  /** Whether commands are kept in memory while there is no connection. */
  readonly hasOfflineQueue: boolean;
}

/** Replies of this RESP type (`$`, a bulk string) come as buffers. */
const BULK_STRING = 36;

type Member = (...args: unknown[]) => unknown;

function memberOf(client: object, name: string): Member | undefined {
  const member: unknown = Reflect.get(client, name);
  // What a client answers is looked at where it is used.
  return typeof member === 'function' ? (member.bind(client) as Member) : undefined;
}

function optionsOf(client: object): Readonly<Record<string, unknown>> | undefined {
  const options: unknown = Reflect.get(client, 'options');
  // Read only, and only by names that may be missing.
  return typeof options === 'object' ? ((options ?? undefined) as Record<string, unknown>) : undefined;
}

/** Recognises a client by its shape; `undefined` where it is none. */
export function commandsOf(client: unknown): RedisCommands | undefined {
  if (typeof client !== 'object' || client === null) return undefined;
  if (memberOf(client, 'evalshaBuffer') && memberOf(client, 'evalBuffer')) return ioRedisCommands(client);
  const withTypeMapping = memberOf(client, 'withTypeMapping');
  const isNodeRedis = withTypeMapping !== undefined && memberOf(client, 'evalSha') !== undefined;
  return isNodeRedis ? nodeRedisCommands(client, withTypeMapping) : undefined;
}

async function call(client: object, name: string, ...args: unknown[]): Promise<unknown> {
  const member = memberOf(client, name);
  if (member === undefined) throw new Error(`this Redis client has no "${name}"`);
  return member(...args);
}

function ioRedisCommands(client: object): RedisCommands {
  return {
    evalSha: (sha1, key, args) => call(client, 'evalshaBuffer', sha1, 1, key, ...args),
    eval: (script, key, args) => call(client, 'evalBuffer', script, 1, key, ...args),
    ping: () => call(client, 'ping'),
    configOf: (setting) => call(client, 'config', 'GET', setting),
    wait: (replicas, atMostMs) => call(client, 'wait', replicas, atMostMs),
    hasOfflineQueue: optionsOf(client)?.['enableOfflineQueue'] !== false,
  };
}

function nodeRedisCommands(client: object, withTypeMapping: Member): RedisCommands {
  // A view of the same connection that answers with other types.
  const bytes = withTypeMapping({ [BULK_STRING]: Buffer }) as object;
  const options = optionsOf(client);
  return {
    evalSha: (sha1, key, args) => call(bytes, 'evalSha', sha1, { keys: [key], arguments: [...args] }),
    eval: (script, key, args) => call(bytes, 'eval', script, { keys: [key], arguments: [...args] }),
    // A cluster of node-redis has no `ping` of its own; a script that does nothing asks as well.
    ping: () =>
      memberOf(client, 'ping')
        ? call(client, 'ping')
        : call(bytes, 'eval', 'return 1', { keys: ['ping'], arguments: [] }),
    configOf: (setting) => call(client, 'configGet', setting),
    wait: (replicas, atMostMs) => call(client, 'wait', replicas, atMostMs),
    hasOfflineQueue: options !== undefined && options['disableOfflineQueue'] !== true,
  };
}
