import type { ErrorFacts, OutcomeCodec } from '../policies/idempotency/index.js';

const LENGTH_BYTES = 4;

/** What a guarded stream has sent, and its bytes as they are stored; past the limit the bytes are let go. */
export class StreamLog {
  /** The values themselves, for the subscriber who is first. */
  readonly items: unknown[] = [];
  private parts: (Uint8Array | Promise<Uint8Array>)[] = [];
  private bytes = 0;
  private isFull = false;
  private failed: { readonly error: unknown } | undefined;
  private why: unknown;
  private onFull: (() => void) | undefined;

  constructor(
    private readonly codec: OutcomeCodec,
    private readonly storedKey: string,
    private readonly maxBytes: number,
  ) {}

  /** Whether it is too long to be kept, or has sent what the codec cannot hold. */
  get isOver(): boolean {
    return this.isFull;
  }

  /** Why the codec could not hold a value, where that is the reason. */
  get refusal(): unknown {
    return this.why;
  }

  /** What the stream ended with, where that was an error. */
  get failure(): { readonly error: unknown } | undefined {
    return this.failed;
  }

  /** Calls once, when it is over; with a codec that takes its time that may be later than the value. */
  whenOver(listener: () => void): void {
    this.onFull = listener;
    if (this.isFull) listener();
  }

  /** Another value; encoded now, so that a later change of it changes no replay. */
  add(item: unknown): void {
    this.items.push(item);
    if (!this.isFull) this.encode(item);
  }

  /** The stream has ended with an error. */
  endWith(error: unknown): void {
    this.failed = { error };
  }

  /** What is stored of it: the values, and after them the error's facts; `undefined` where it is over. */
  async body(facts?: ErrorFacts): Promise<Uint8Array | undefined> {
    if (facts !== undefined && !this.isFull) this.encode(facts);
    try {
      const parts = await Promise.all(this.parts);
      return this.isFull ? undefined : framed(parts, this.bytes);
    } catch {
      // The codec's refusal of a value has been noted when it came.
      return undefined;
    }
  }

  private encode(content: unknown): void {
    const { codec, storedKey } = this;
    try {
      const maxBytes = this.maxBytes - this.bytes - LENGTH_BYTES;
      const part = codec.encode(content, { storedKey, maxBytes });
      this.parts.push(part);
      if (part instanceof Promise) part.then(this.count, this.refuse);
      else this.count(part);
    } catch (error) {
      this.refuse(error);
    }
  }

  private readonly count = (part: Uint8Array): void => {
    this.bytes += LENGTH_BYTES + part.byteLength;
    if (this.bytes > this.maxBytes) this.fill();
  };

  private readonly refuse = (error: unknown): void => {
    this.why = error;
    this.fill();
  };

  private fill(): void {
    if (this.isFull) return;
    this.isFull = true;
    this.parts = [];
    this.onFull?.();
  }
}

function framed(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const body = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const part of parts) {
    at = body.writeUInt32BE(part.byteLength, at);
    body.set(part, at);
    at += part.byteLength;
  }
  return body;
}

/** The parts that {@link StreamLog.body} has put together. @throws where the bytes are damaged */
export function partsOf(body: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 0; at < bytes.length;) {
    const from = at + LENGTH_BYTES;
    const to = from + bytes.readUInt32BE(at);
    if (to > bytes.length) throw new Error('a stored stream ends in the middle of a value');
    parts.push(bytes.subarray(from, to));
    at = to;
  }
  return parts;
}
