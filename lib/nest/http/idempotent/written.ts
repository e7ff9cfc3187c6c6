import type { HeaderValue } from './exchange.js';

type Callback = () => void;

/** What was given to `write` or `end`, each in its place. */
export interface Written {
  readonly chunk: unknown;
  readonly encoding: BufferEncoding | undefined;
  readonly callback: Callback | undefined;
}

/** Arguments of `write(chunk, encoding?, callback?)`. */
export function argumentsOfWrite(args: readonly unknown[]): Written {
  const [chunk, ...rest] = args;
  const encoding = rest.find((each): each is BufferEncoding => typeof each === 'string');
  const callback = rest.find((each): each is Callback => typeof each === 'function');
  return { chunk, encoding, callback };
}

/** Arguments of `end(chunk?, encoding?, callback?)`; whatever is falsy is no chunk there, as to Node. */
export function argumentsOfEnd(args: readonly unknown[]): Written {
  const [first] = args;
  const isNone = typeof first === 'function' || !first;
  const { encoding, callback } = argumentsOfWrite(typeof first === 'function' ? [undefined, ...args] : args);
  return { chunk: isNone ? undefined : first, encoding, callback };
}

/** Whether Node takes it as a part of a body. */
export function isChunk(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === 'string' || chunk instanceof Uint8Array;
}

/** The bytes of a part of a body; those of a buffer itself, not a copy. */
export function bytesOf(chunk: string | Uint8Array, encoding: BufferEncoding | undefined): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding);
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

type Headers = Record<string, HeaderValue | undefined>;

/** The headers among the arguments of `writeHead(status, message?, headers?)`, by lower-case names. */
export function headersOfArguments(args: readonly unknown[]): Headers {
  const given = args.find((each) => typeof each === 'object' && each !== null);
  if (given === undefined) return {};
  const entries: readonly (readonly [unknown, unknown])[] = Array.isArray(given)
    ? pairsOf(given)
    : Object.entries(given);
  const headers: Headers = {};
  for (const [name, value] of entries) {
    // Node's own types: whatever else is given it refuses when it is written.
    if (value !== undefined) headers[String(name).toLowerCase()] = value as HeaderValue;
  }
  return headers;
}

function pairsOf(list: readonly unknown[]): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(list[0])) return list as readonly (readonly [unknown, unknown])[];
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]] as const] : []));
}
