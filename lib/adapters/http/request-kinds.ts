import { fieldOf, headerOf, textOf } from '../../core/index.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const IDEMPOTENT = new Set([...SAFE, 'PUT', 'DELETE']);

/**
 * Whether a request only reads: GET, HEAD, OPTIONS or TRACE, in any letter case. Takes a fetch `Request`, the
 * `config` of axios, an axios error, or anything else with a `method`. Never throws.
 */
export function isSafeRequest(request: unknown): boolean {
  return SAFE.has(methodOf(sentBy(request)));
}

/**
 * Whether a request may be repeated without doing more than once what it does: it only reads, is a PUT or DELETE,
 * or carries an `Idempotency-Key`. Takes what {@link isSafeRequest} takes. Never throws.
 */
export function isIdempotentRequest(request: unknown): boolean {
  const sent = sentBy(request);
  const method = methodOf(sent);
  if (IDEMPOTENT.has(method)) return true;
  return method !== '' && (headerOf(fieldOf(sent, 'headers'), 'idempotency-key') ?? '').trim() !== '';
}

/** An error of axios has the request in its `config`; its `request` is Node's. */
function sentBy(request: unknown): unknown {
  return fieldOf(request, 'config') ?? request;
}

function methodOf(request: unknown): string {
  return textOf(request, 'method').toUpperCase();
}
