import { fieldOf, headerOf } from '../../core/index.js';
import { DEADLINE_HEADER, RETRY_HEADER } from './http.options.js';

const WHOLE_NUMBER = /^\d{1,12}$/;
const MOST_ATTEMPTS = 1_000;

/**
 * Milliseconds that the sender of a request still waits, as its header says; `undefined` where it says nothing, or
 * something that is not a whole number of at most 12 digits. Takes a request, of Express, Fastify or fetch.
 */
export function incomingDeadlineMs(request: unknown, header: string = DEADLINE_HEADER): number | undefined {
  return numberIn(request, header);
}

/**
 * Number of the attempt that a request belongs to, from 2, where its sender says that it is a retry; `undefined` for
 * every other request. Takes a request, of Express, Fastify or fetch.
 */
export function incomingRetryAttempt(request: unknown, header: string = RETRY_HEADER): number | undefined {
  const attempt = numberIn(request, header);
  return attempt !== undefined && attempt >= 2 && attempt <= MOST_ATTEMPTS ? attempt : undefined;
}

function numberIn(request: unknown, header: string): number | undefined {
  const value = headerOf(fieldOf(request, 'headers'), header)?.trim() ?? '';
  return WHOLE_NUMBER.test(value) ? Number(value) : undefined;
}
