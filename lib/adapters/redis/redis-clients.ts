/** What is used of ioredis (5 and above), of its `Cluster`, and of forks with its interface. */
export interface IoRedisLike {
  evalshaBuffer(sha1: string, keys: number, ...args: (string | Buffer)[]): Promise<unknown>;
  evalBuffer(script: string, keys: number, ...args: (string | Buffer)[]): Promise<unknown>;
  ping(): Promise<unknown>;
}

/** What a script is given by node-redis. */
export interface NodeRedisEvalOptions {
  keys: string[];
  arguments: (string | Buffer)[];
}

/** What is used of node-redis (5 and above), of its cluster and of its pool. */
export interface NodeRedisLike {
  withTypeMapping(mapping: Record<number, unknown>): unknown;
  evalSha(sha1: string, options: NodeRedisEvalOptions): Promise<unknown>;
  eval(script: string, options: NodeRedisEvalOptions): Promise<unknown>;
}

/** A client of either library; neither is imported, so neither needs to be installed. */
export type RedisClientLike = IoRedisLike | NodeRedisLike;

/** What the store asks of a client, whichever library it is of. */
export interface RedisCommands {
  /** Sends a script by its digest; bulk strings of the reply are buffers. */
  evalSha(sha1: string, key: string, args: readonly (string | Buffer)[]): Promise<unknown>;
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
  if (memberOf(client, 'evalshaBuffer') && memberOf(client, 'evalBuffer')) {
    return ioRedisCommands(client as IoRedisLike);
  }
  const isNodeRedis = memberOf(client, 'evalSha') && memberOf(client, 'withTypeMapping');
  return isNodeRedis ? nodeRedisCommands(client as NodeRedisLike) : undefined;
}

async function optional(client: object, name: string, ...args: unknown[]): Promise<unknown> {
  const member = memberOf(client, name);
  if (member === undefined) throw new Error(`this Redis client has no "${name}"`);
  return member(...args);
}

function ioRedisCommands(client: IoRedisLike): RedisCommands {
  return {
    evalSha: async (sha1, key, args) => client.evalshaBuffer(sha1, 1, key, ...args),
    eval: async (script, key, args) => client.evalBuffer(script, 1, key, ...args),
    ping: async () => client.ping(),
    configOf: (setting) => optional(client, 'config', 'GET', setting),
    wait: (replicas, atMostMs) => optional(client, 'wait', replicas, atMostMs),
    hasOfflineQueue: (optionsOf(client)?.['enableOfflineQueue'] ?? true) !== false,
  };
}

function nodeRedisCommands(client: NodeRedisLike): RedisCommands {
  // A view of the same connection that answers with other types.
  const bytes = client.withTypeMapping({ [BULK_STRING]: Buffer }) as NodeRedisLike;
  const options = optionsOf(client);
  return {
    evalSha: async (sha1, key, args) => bytes.evalSha(sha1, { keys: [key], arguments: [...args] }),
    eval: async (script, key, args) => bytes.eval(script, { keys: [key], arguments: [...args] }),
    // A cluster of node-redis has no `ping` of its own; a script that does nothing asks as well.
    ping: () =>
      memberOf(client, 'ping')
        ? optional(client, 'ping')
        : bytes.eval('return 1', { keys: ['ping'], arguments: [] }),
    configOf: (setting) => optional(client, 'configGet', setting),
    wait: (replicas, atMostMs) => optional(client, 'wait', replicas, atMostMs),
    hasOfflineQueue: options !== undefined && options['disableOfflineQueue'] !== true,
  };
}
