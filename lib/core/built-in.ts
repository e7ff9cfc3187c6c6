/** Content of a value whose members do not show it. */
export interface BuiltIn {
  /** Name of its type. */
  readonly tag: string;
  readonly parts: readonly unknown[];
  /** Whether the order of the parts means something. */
  readonly isOrdered: boolean;
}

/**
 * The content of a date, map, set, binary value, regular expression, URL or error; `undefined` for all other
 * values. Those of another realm (a test runner's, `structuredClone` in it) are known by their mark.
 */
export function builtInOf(value: object): BuiltIn | undefined {
  if (ArrayBuffer.isView(value)) return bytesOf(value);
  const mark = Object.prototype.toString.call(value);
  if (value instanceof Map || mark === '[object Map]') return mapOf(value as Map<unknown, unknown>);
  if (value instanceof Set || mark === '[object Set]') return setOf(value as Set<unknown>);
  if (value instanceof Error || mark === '[object Error]') return errorOf(value as Error);
  return textual(value, mark);
}

function textual(value: object, mark: string): BuiltIn | undefined {
  if (mark === '[object Date]') return ordered('Date', Number(value));
  if (value instanceof URL) return ordered('URL', value.href);
  if (value instanceof RegExp || mark === '[object RegExp]') {
    const { source, flags } = value as RegExp;
    return ordered('RegExp', source, flags);
  }
  if (mark !== '[object ArrayBuffer]' && mark !== '[object SharedArrayBuffer]') return undefined;
  return ordered(mark.slice(8, -1), base64(value as ArrayBuffer));
}

function bytesOf(view: ArrayBufferView): BuiltIn {
  const tag = Buffer.isBuffer(view) ? 'Buffer' : Object.prototype.toString.call(view).slice(8, -1);
  return ordered(tag, base64(view.buffer, view.byteOffset, view.byteLength));
}

function base64(buffer: ArrayBufferLike, offset = 0, length = buffer.byteLength): string {
  return Buffer.from(buffer, offset, length).toString('base64');
}

function mapOf(map: Map<unknown, unknown>): BuiltIn {
  // The prototype's own method: a class that only looks like a map throws, and its content is not guessed at.
  return { tag: 'Map', parts: [...Map.prototype.entries.call(map)], isOrdered: false };
}

function setOf(set: Set<unknown>): BuiltIn {
  return { tag: 'Set', parts: [...Set.prototype.values.call(set)], isOrdered: false };
}

function errorOf({ name, message }: Error): BuiltIn {
  return ordered('Error', name, message);
}

function ordered(tag: string, ...parts: readonly unknown[]): BuiltIn {
  return { tag, parts, isOrdered: true };
}
