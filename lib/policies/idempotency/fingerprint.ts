import { hash } from 'node:crypto';
import { canonicalArguments, canonicalText, NotCanonicalError } from '../../core/canonical.js';
import { InvalidOptionsError } from '../../core/errors.js';
import { IDEMPOTENT } from './idempotency.errors.js';

/** Changes with the canonical form, so that old and new fingerprints are not compared. */
const VERSION = 'v1';

/** The fingerprint of calls that compare nothing. */
export const NO_FINGERPRINT = '';

/** What is nested deeply has a long way to it. */
const LONGEST_PATH = 200;

/** What is compared of an HTTP request, as it is when the guards have passed. */
export interface RequestPayload {
  readonly verb: string;
  /** The actual path, without the query. */
  readonly path: string;
  /** As parsed: repeated values of a name in their order. */
  readonly query: unknown;
  /** As parsed; text and bytes count as bytes. */
  readonly body: unknown;
}

/**
 * The fingerprint of a method's arguments; `undefined` at their end does not count.
 *
 * @throws {InvalidOptionsError} naming operation and argument where one cannot be compared
 */
export function fingerprintOfArguments(operation: string, args: readonly unknown[]): string {
  return `${VERSION}:${digest(compared(operation, args, canonicalArguments))}`;
}

/**
 * The fingerprint of what a `fingerprint` function gave.
 *
 * @throws {InvalidOptionsError} naming the operation where it cannot be compared
 */
export function fingerprintOf(operation: string, value: unknown): string {
  return `${VERSION}:${digest(compared(operation, value, canonicalText))}`;
}

/**
 * The fingerprint of an HTTP request.
 *
 * @throws {InvalidOptionsError} naming the operation where the body cannot be compared
 */
export function fingerprintOfRequest(operation: string, { verb, path, query, body }: RequestPayload): string {
  const text = compared(operation, body, () => canonicalText([verb.toUpperCase(), path, query]));
  return `${VERSION}:${digest(`${text}${bodyText(operation, body)}`)}`;
}

function bodyText(operation: string, body: unknown): string {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || ArrayBuffer.isView(body);
  // Hashed by itself: the canonical form of many bytes would be one long text more.
  if (isRaw) return `bytes(${digest(rawBytes(body))})`;
  return compared(operation, body, canonicalText);
}

function rawBytes(body: string | ArrayBufferView): string | Uint8Array {
  if (typeof body === 'string') return body;
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

function digest(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex');
}

function compared<V>(operation: string, value: V, textOf: (value: V) => string): string {
  try {
    return textOf(value);
  } catch (error) {
    if (error instanceof NotCanonicalError) throw refusal(operation, value, error);
    throw error;
  }
}

function refusal(operation: string, value: unknown, error: NotCanonicalError): InvalidOptionsError {
  const { why } = error;
  const path = error.path.length > LONGEST_PATH ? `${error.path.slice(0, LONGEST_PATH)}…` : error.path;
  const [, index, rest] = Array.isArray(value) ? (/^\[(\d+)\](.*)$/.exec(path) ?? []) : [];
  const place =
    index === undefined ? `the payload${path && ` at ${path}`}` : `argument ${Number(index) + 1}${rest}`;
  const remedy = 'give a `fingerprint` function that picks what must be the same';
  const invalid = new InvalidOptionsError({
    operation,
    policy: IDEMPOTENT,
    field: 'fingerprint',
    value: undefined,
    expected: `cannot be made: ${place} ${why}; ${remedy}`,
  });
  invalid.cause = error;
  return invalid;
}
