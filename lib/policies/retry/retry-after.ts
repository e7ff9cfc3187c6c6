import { OWN_CODE } from '../../core/classification-table.js';
import { fieldOf, textOf } from '../../core/error-facts.js';
import { responseHeaderOf } from '../../core/headers.js';
import { parseHttpDate } from './http-date.js';

/**
 * How long the other side asked to be left alone, in milliseconds from now: by its `Retry-After` header, or by
 * the `retryAfterMs` of an error of this package. `undefined` where it asked for nothing that is valid.
 */
export function requestedDelayMs(failure: unknown, wallMs: number): number | undefined {
  return ownRequestMs(failure) ?? parseRetryAfter(responseHeaderOf(failure, 'retry-after'), wallMs);
}

/**
 * Milliseconds that a `Retry-After` header means at that wall time, never negative; `undefined` for a value that
 * is neither a whole number of seconds nor an HTTP date.
 */
export function parseRetryAfter(header: string | undefined, wallMs: number): number | undefined {
  const value = header?.replace(/^[ \t]+|[ \t]+$/g, '') ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const dateMs = parseHttpDate(value, wallMs);
  return dateMs === undefined ? undefined : Math.max(0, dateMs - wallMs);
}

function ownRequestMs(error: unknown): number | undefined {
  if (!textOf(error, 'code').startsWith(OWN_CODE)) return undefined;
  const value = fieldOf(error, 'retryAfterMs');
  return typeof value === 'number' && value >= 0 ? value : undefined;
}
