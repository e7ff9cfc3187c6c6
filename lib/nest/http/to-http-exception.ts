import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { isResilienceError, withoutStack, type ResilienceError } from '../../core/errors.js';
import { retryAfterMsOf, wireStatusOf } from './wire-status.js';

/** Body of the HTTP answer: Nest's usual one, and the error's code. */
export interface ResilienceHttpBody {
  /** The status on the wire. */
  readonly statusCode: number;
  /** The error's own text. */
  readonly message: string;
  /** Reason phrase of the status. */
  readonly error: string;
  /** `RESILIENCE_` and the name of the error's class in capitals without `Error`. */
  readonly code: string;
}

/** The HTTP answer to an error of this package; the error itself is its `cause` and stays as it was. */
export class ResilienceHttpException extends HttpException {
  constructor(
    /** What `getResponse()` answers too. */
    readonly body: ResilienceHttpBody,
    /** Headers to set beside those of the body, by their names on the wire. */
    readonly headers: Readonly<Record<string, string>>,
    cause: ResilienceError,
  ) {
    super({ ...body }, body.statusCode, { cause });
  }
}

/**
 * The HTTP answer that the module would give to an error: status, headers and body. `undefined` for everything
 * that this package did not make, which is never mapped.
 */
export function toHttpException(error: ResilienceError): ResilienceHttpException;
/** As above, for anything that was thrown. */
export function toHttpException(error: unknown): ResilienceHttpException | undefined;
/** As above, for anything that was thrown. */
export function toHttpException(error: unknown): ResilienceHttpException | undefined {
  if (!isResilienceError(error)) return undefined;
  const statusCode = wireStatusOf(error).http;
  const body = {
    statusCode,
    message: error.message,
    error: STATUS_CODES[statusCode] ?? 'Error',
    code: error.code,
  };
  return withoutStack(() => new ResilienceHttpException(body, headersOf(error, statusCode), error));
}

function headersOf(error: ResilienceError, status: number): Record<string, string> {
  const waitMs = retryAfterMsOf(error);
  return {
    ...(waitMs === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1_000))) }),
    ...(isAboutOneRequest(error, status) ? { 'Cache-Control': 'no-store' } : {}),
  };
}

/** What became of a key is for one request only; a cache would answer the next one with it. */
function isAboutOneRequest(error: ResilienceError, status: number): boolean {
  return error.code.startsWith('RESILIENCE_IDEMPOTENCY_') && [409, 422, 503].includes(status);
}
