import { createHash } from 'node:crypto';

/** What names one record of a store. */
export interface KeyParts {
  /** Of the application; replicas of one application have the same. */
  readonly namespace: string;
  /** What is being done, in the same words in every process and after every deploy. */
  readonly operation: string;
  /** Who the key belongs to; none is a scope of its own, different from every text. */
  readonly scope: string | undefined;
  /** The caller's key. */
  readonly key: string;
}

/** The operation of `IdempotencyService.run` where none is given. */
export const SHARED_OPERATION = 'IdempotencyService.run';

/**
 * The name of a record: 64 hexadecimal digits, whatever the parts hold. Two different tuples never meet, since
 * each part is written after its length; half characters differ too, since nothing is turned into UTF-8.
 */
export function storedKeyOf({ namespace, operation, scope, key }: KeyParts): string {
  const text = `1|${part(namespace)}${part(operation)}${part(scope)}${part(key)}`;
  return createHash('sha256').update(text, 'utf16le').digest('hex');
}

function part(text: string | undefined): string {
  return text === undefined ? '-' : `${text.length}:${text}`;
}

const SHOWN_DIGITS = 12;

/** What events and logs may show of a stored key. */
export function keyHashOf(storedKey: string): string {
  return storedKey.slice(0, SHOWN_DIGITS);
}
