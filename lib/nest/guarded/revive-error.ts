import { HttpException } from '@nestjs/common';
import type { ReviveError } from '../../pipeline/index.js';

/**
 * An error with what was kept of the first one, without its stack and cause: an `HttpException` of one, so that
 * filters give the same answer, otherwise an `Error`.
 */
export const reviveError: ReviveError = ({ name, message, code, status, response }) => {
  // Only an exception of Nest's has a response: a status alone may be that of another server.
  const isHttp = status !== undefined && (typeof response === 'string' || isObject(response));
  const error = isHttp ? new HttpException(response, status) : new Error(message);
  const own = { name, message, ...(code !== undefined && { code }), ...(!isHttp && status && { status }) };
  for (const [field, value] of Object.entries(own)) define(error, field, value);
  return error;
};

/** Name and message are not enumerable, as in the first error. */
function define(error: Error, field: string, value: unknown): void {
  if (field === 'name' && value === error.name) return;
  const enumerable = field === 'code' || field === 'status';
  Object.defineProperty(error, field, { value, enumerable, writable: true, configurable: true });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
