import { withoutStack, type ResilienceError } from '../../core/errors.js';
import { retryAfterMsOf } from './wire-status.js';

/** An error in the shape that GraphQL servers copy into their answer: what is in `extensions` goes with it. */
export class GraphqlError extends Error {
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(cause: ResilienceError) {
    super(cause.message, { cause });
    const retryAfterMs = retryAfterMsOf(cause);
    this.extensions = { code: cause.code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
}

/** The error that stands in a GraphQL answer for one of this package. */
export function toGraphqlError(error: ResilienceError): GraphqlError {
  return withoutStack(() => new GraphqlError(error));
}
