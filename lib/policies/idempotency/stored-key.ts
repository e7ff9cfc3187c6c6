import { hash } from 'node:crypto';

/** What names one record of an application. */
export interface KeyParts {
  /** What is being done, in the same words in every process and after every deploy. */
  readonly operation: string;
  /** Who the key belongs to; none is a scope of its own, different from every text. */
  readonly scope?: string | undefined;
  /** The caller's key. */
  readonly key: string;
}

/** The operation of `IdempotencyService.run` where none is given. */
export const SHARED_OPERATION = 'IdempotencyService.run';

/** Longer texts are rare: keys and scopes are short. */
const ROOM_BYTES = 2_048;

/**
 * Names the records of one application: 64 hexadecimal digits, whatever the parts hold. Two different tuples never
 * meet, since each part is written after its length; half characters differ too, since nothing is turned into UTF-8.
 */
export class KeyNames {
  /** Where a text is written to be hashed, and nothing comes between the two. */
  private readonly room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  /** The beginning of the room in each length that was needed: a view costs as much as the writing. */
  private readonly views = new Map<number, Uint8Array>();

  /** What the texts of the operation that was named last begin with: calls of one method often follow each other. */
  private last: { readonly operation: string; readonly beginning: string } | undefined;

  /** Replicas of one application have the same namespace. */
  constructor(private readonly namespace: string) {}

  /** The name of the record of these parts. */
  of({ operation, scope, key }: KeyParts): string {
    const { room } = this;
    const text = `${this.beginningOf(operation)}${part(scope)}${part(key)}`;
    const length = text.length * 2;
    if (length > ROOM_BYTES) return digest(Buffer.from(text, 'utf16le'));
    room.write(text, 'utf16le');
    return digest(this.view(length));
  }

  private beginningOf(operation: string): string {
    if (this.last?.operation === operation) return this.last.beginning;
    const beginning = `1|${part(this.namespace)}${part(operation)}`;
    this.last = { operation, beginning };
    return beginning;
  }

  private view(length: number): Uint8Array {
    const known = this.views.get(length);
    if (known !== undefined) return known;
    const view = this.room.subarray(0, length);
    this.views.set(length, view);
    return view;
  }
}

function digest(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

function part(text: string | undefined): string {
  return text === undefined ? '-' : `${text.length}:${text}`;
}

const SHOWN_DIGITS = 12;

/** What events and logs may show of a stored key. */
export function keyHashOf(storedKey: string): string {
  return storedKey.slice(0, SHOWN_DIGITS);
}
