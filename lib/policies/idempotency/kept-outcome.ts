import type { OutcomeKind, StoredOutcome } from './idempotency.store.js';

/**
 * An outcome as memory keeps it: nobody can change it, and each reading of its body gives bytes of their own. As text
 * of one character for each byte it is one small object, where an array of bytes is three and may be memory outside
 * of the heap.
 */
export class KeptOutcome implements StoredOutcome {
  readonly kind: OutcomeKind;
  readonly metadata: string;
  private readonly text: string;

  constructor({ kind, metadata, body }: StoredOutcome) {
    this.kind = kind;
    this.metadata = metadata;
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.text = bytes.toString('latin1');
  }

  /** Of the body. */
  get byteLength(): number {
    return this.text.length;
  }

  /** A copy. */
  get body(): Uint8Array {
    return new Uint8Array(Buffer.from(this.text, 'latin1'));
  }
}
