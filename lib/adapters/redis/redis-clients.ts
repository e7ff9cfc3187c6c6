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
/** Parameters of `sendCommand` where it goes to one server; clusters and sentinels have more. */
const COMMAND_AND_OPTIONS = 2;

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

/** What is thrown at once is a rejection too. Looked up each time: whoever instruments a client may do so late. */
function call(client: object, name: string, ...args: unknown[]): Promise<unknown> {
  try {
    const member: unknown = Reflect.get(client, name);
    if (typeof member !== 'function') throw new Error(`this Redis client has no "${name}"`);
    return Promise.resolve(Reflect.apply(member, client, args));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Whether words can be sent as they are: a cluster and a sentinel want to know first where to. */
function takesCommands(client: object): boolean {
  const sendCommand: unknown = Reflect.get(client, 'sendCommand');
  return typeof sendCommand === 'function' && sendCommand.length === COMMAND_AND_OPTIONS;
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
  const typeMapping = { [BULK_STRING]: Buffer };
  // A view of the same connection that answers with other types.
  const bytes = withTypeMapping(typeMapping) as object;
  const options = optionsOf(client);
  const asBytes = { typeMapping };
  const takesWords = takesCommands(client);
  return {
    evalSha: (sha1, key, args) =>
      // The commands of this library cost as much as the rest of a call.
      takesWords
        ? call(client, 'sendCommand', ['EVALSHA', sha1, '1', key, ...args], asBytes)
        : call(bytes, 'evalSha', sha1, { keys: [key], arguments: [...args] }),
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
