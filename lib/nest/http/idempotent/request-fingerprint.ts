import { fieldOf, textOf } from '../../../core/error-facts.js';
import { fingerprintOfRequest } from '../../../policies/idempotency/index.js';

/** What is compared of a request, and what is not. */
export interface RequestFingerprint {
  readonly fingerprint: string;
  /** Why the body is not compared; `undefined` where it is, and where there is none. */
  readonly leftOut: string | undefined;
}

/**
 * The fingerprint of verb, actual path, query and parsed body of an HTTP request.
 *
 * @throws {InvalidOptionsError} where the body cannot be compared
 */
export function requestFingerprint(operation: string, request: unknown): RequestFingerprint {
  const given = fieldOf(request, 'body');
  const leftOut = whyLeftOut(fieldOf(request, 'headers'), given);
  const body = leftOut === undefined ? given : undefined;
  const fingerprint = fingerprintOfRequest(operation, {
    verb: textOf(request, 'method'),
    path: pathOf(request),
    query: fieldOf(request, 'query'),
    // A missing body is `undefined` on one platform and `null` on the other.
    body: body ?? undefined,
  });
  return { fingerprint, leftOut };
}

function pathOf(request: unknown): string {
  const url = textOf(request, 'originalUrl') || textOf(request, 'url');
  return /^[^?#]*/.exec(url)?.[0] ?? '';
}

/** By headers as Node gives them, all names in lower case. */
function whyLeftOut(headers: unknown, body: unknown): string | undefined {
  if (/^multipart\/form-data\b/i.test(textOf(headers, 'content-type'))) {
    return 'is multipart/form-data, whose boundary differs on every send';
  }
  const isUnparsed = typeof fieldOf(body, 'pipe') === 'function' || (isNone(body) && hasBody(headers));
  return isUnparsed ? 'was parsed by nobody' : undefined;
}

function isNone(body: unknown): boolean {
  return body === undefined || body === null;
}

function hasBody(headers: unknown): boolean {
  const length = textOf(headers, 'content-length');
  return textOf(headers, 'transfer-encoding') !== '' || (length !== '' && length !== '0');
}
