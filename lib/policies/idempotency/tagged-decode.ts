import { type ClassRegister, define, hide } from './class-register.js';
import { BUILT_IN_ERRORS } from './built-in-names.js';

type Decoder = (parts: readonly unknown[], classes: ClassRegister) => unknown;

declare const Float16Array: (new (buffer: ArrayBuffer) => ArrayBufferView) | undefined;

const VIEWS: ReadonlyMap<string, new (buffer: ArrayBuffer) => ArrayBufferView> = new Map(
  Object.entries({
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
    // Of Node 24 and later.
    ...(typeof Float16Array === 'function' && { Float16Array }),
  }),
);

/** How each tag is read; the parts are what stands behind it. */
const DECODERS: ReadonlyMap<unknown, Decoder> = new Map<unknown, Decoder>([
  ['u', () => undefined],
  ['n', ([text]) => Number(text)],
  ['i', ([text]) => BigInt(String(text))],
  ['a', (parts, classes) => parts.map((part) => fromTagged(part, classes))],
  ['o', (parts, classes) => withMembers({}, parts, classes)],
  ['p', (parts, classes) => withMembers(Object.create(null) as object, parts, classes)],
  // oxlint-disable-next-line no-restricted-globals -- a date of the user's value, not the time of now
  ['d', ([time]) => new Date(time === null ? Number.NaN : Number(time))],
  ['m', (parts, classes) => new Map(pairsOf(parts, classes))],
  ['s', (parts, classes) => new Set(parts.map((part) => fromTagged(part, classes)))],
  ['r', ([source, flags]) => new RegExp(String(source), String(flags))],
  ['l', ([href]) => new URL(String(href))],
  ['b', ([type, base64]) => bytesOf(String(type), String(base64))],
  ['e', (parts) => errorOf(parts)],
  ['g', aggregateOf],
  ['c', instanceOf],
]);

/**
 * The value that {@link toTagged} has written. What was stored names members and registered classes; it never
 * sets a prototype.
 *
 * @throws where the text is damaged, or names a class that is not registered
 */
export function fromTagged(node: unknown, classes: ClassRegister): unknown {
  if (!Array.isArray(node)) return node;
  const [tag, ...parts] = node as readonly unknown[];
  const decode = DECODERS.get(tag);
  if (decode === undefined) throw new Error(`a stored outcome has the unknown tag ${JSON.stringify(tag)}`);
  return decode(parts, classes);
}

function withMembers(target: object, parts: readonly unknown[], classes: ClassRegister): object {
  for (let index = 0; index < parts.length; index += 2) {
    define(target, String(parts[index]), fromTagged(parts[index + 1], classes));
  }
  return target;
}

function pairsOf(parts: readonly unknown[], classes: ClassRegister): [unknown, unknown][] {
  const values = parts.map((part) => fromTagged(part, classes));
  const pairs: [unknown, unknown][] = [];
  for (let index = 0; index < values.length; index += 2) pairs.push([values[index], values[index + 1]]);
  return pairs;
}

function bytesOf(type: string, base64: string): unknown {
  const bytes = Buffer.from(base64, 'base64');
  if (type === 'Buffer') return bytes;
  // Of its own: a buffer's memory is shared with others, and may not begin where a wider number can.
  const { buffer } = Uint8Array.from(bytes);
  if (type === 'ArrayBuffer') return buffer;
  const View = VIEWS.get(type);
  if (View === undefined) throw new Error(`a stored outcome has bytes of the unknown type ${type}`);
  return new View(buffer);
}

function errorOf([type, name, message, code]: readonly unknown[]): Error {
  if (!Object.hasOwn(BUILT_IN_ERRORS, String(type))) throw new Error(`unknown error class ${String(type)}`);
  const error = new BUILT_IN_ERRORS[type as keyof typeof BUILT_IN_ERRORS](String(message));
  return withFacts(error, name, code);
}

/** The facts of an error, and what it holds. */
function aggregateOf([facts, ...errors]: readonly unknown[], classes: ClassRegister): Error {
  if (!Array.isArray(facts)) throw new Error('a stored aggregate of errors has no message');
  const [, , name, message, code] = facts as readonly unknown[];
  const held = errors.map((each) => fromTagged(each, classes));
  return withFacts(new AggregateError(held, String(message)), name, code);
}

function withFacts(error: Error, name: unknown, code: unknown): Error {
  hide(error, 'name', name);
  // No stack of ours: it would be that of the replay, not of the failure.
  hide(error, 'stack', `${error.name}: ${error.message}`);
  if (code !== undefined) define(error, 'code', code);
  return error;
}

function instanceOf([name, kept]: readonly unknown[], classes: ClassRegister): object {
  const known = classes.named(String(name));
  if (known === undefined)
    throw new Error(`a stored outcome has an instance of ${String(name)}, not registered`);
  return known.decode(fromTagged(kept, classes));
}
