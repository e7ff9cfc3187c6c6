import { fromTagged } from './tagged-decode.js';
import { NotStorableError, TooLongError } from './codec.errors.js';
import { toTagged } from './tagged-encode.js';
import { ClassRegister, type RegisteredClass } from './class-register.js';
import { leftBehindPlain, NOT_PLAIN, TOO_LONG } from './plain-json.js';

/** What a codec may bind the bytes to. */
export interface CodecContext {
  /** Name of the record; as additional authenticated data it keeps an encrypted body from being moved. */
  readonly storedKey: string;
  /** Longer bytes are not kept, so that a codec may as well throw before it has made them. Given to `encode`. */
  readonly maxBytes?: number | undefined;
}

/** Turns values into bytes and back; a replay is always a fresh copy. May be asynchronous. */
export interface OutcomeCodec {
  /** Written into the record; what another codec wrote is not read. */
  readonly name: string;
  /** The bytes of the value. @throws where the value cannot be brought back as it is */
  encode(value: unknown, context: CodecContext): Uint8Array | Promise<Uint8Array>;
  /** The value of the bytes. @throws where the bytes are not its own, or damaged */
  decode(bytes: Uint8Array, context: CodecContext): unknown;
}

/** The first byte: codec and version. */
const PLAIN = 1;
const TAGGED = 2;

/**
 * The codec of this package: JSON where nothing is special, JSON with tagged types otherwise. Brings back dates,
 * maps, sets, binary values, big integers, `undefined`, all numbers, errors, and instances of registered classes;
 * refuses everything else rather than turn it into something similar.
 */
export class JsonCodec implements OutcomeCodec {
  /** Name in stored records. */
  readonly name = 'json';
  private readonly classes: ClassRegister;

  /** @throws {InvalidOptionsError} where two classes have one name */
  constructor(classes: readonly RegisteredClass[] = []) {
    this.classes = new ClassRegister(classes);
  }

  /** The bytes of the value. @throws {NotStorableError} saying where, why and how to help */
  encode(value: unknown, context?: CodecContext): Uint8Array {
    const maxBytes = context?.maxBytes ?? Number.POSITIVE_INFINITY;
    try {
      const left = leftBehindPlain(value, maxBytes);
      if (left === TOO_LONG) throw new TooLongError(maxBytes);
      if (left !== NOT_PLAIN) return bytesOf(PLAIN, JSON.stringify(value));
      return bytesOf(TAGGED, JSON.stringify(toTagged(value, this.classes, maxBytes)));
    } catch (error) {
      if (error instanceof NotStorableError) throw error;
      // A getter threw, or the value is nested too deeply for the stack.
      throw new NotStorableError('', 'could not be read', { cause: error });
    }
  }

  /** The value of the bytes. */
  decode(bytes: Uint8Array): unknown {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1).toString('utf8');
    if (bytes[0] === PLAIN) return JSON.parse(text) as unknown;
    if (bytes[0] === TAGGED) return fromTagged(JSON.parse(text), this.classes);
    throw new Error(`the first byte of a stored outcome is ${bytes[0]}: a newer version has written it`);
  }
}

function bytesOf(first: number, text: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(text) + 1);
  bytes[0] = first;
  bytes.write(text, 1, 'utf8');
  return bytes;
}
