import { fieldOf } from '../../core/error-facts.js';
import type { ResilienceError } from '../../core/errors.js';
import { retryAfterMsOf, wireStatusOf } from './wire-status.js';

/** What a client of a message handler or a gateway receives in place of a value. */
export interface RpcPayload {
  readonly status: 'error';
  readonly message: string;
  /** The error's code; over gRPC the number of the gRPC status, since clients read a number there. */
  readonly code: string | number;
  readonly retryAfterMs?: number;
}

/** The plain object for the transports that send what they are given: TCP, Redis, queues, sockets. */
export function toRpcPayload(error: ResilienceError): RpcPayload {
  return { status: 'error', message: error.message, code: error.code, ...waitOf(error) };
}

/** The plain object for gRPC: a number as code, and a message that begins with the text code. */
export function toGrpcPayload(error: ResilienceError): RpcPayload {
  const message = `${error.code}: ${error.message}`;
  return { status: 'error', message, code: wireStatusOf(error).grpc, ...waitOf(error) };
}

/**
 * Whether the arguments of a message handler came over gRPC. Nest calls such a handler with request, metadata
 * and call, or with the call alone (`@GrpcStreamCall`); no other transport has a call that can send metadata.
 */
export function isGrpc(handlerArgs: readonly unknown[]): boolean {
  return [handlerArgs[2], handlerArgs[0]].some(
    (each) =>
      typeof fieldOf(each, 'sendMetadata') === 'function' && typeof fieldOf(each, 'getPeer') === 'function',
  );
}

function waitOf(error: ResilienceError): { readonly retryAfterMs?: number } {
  const retryAfterMs = retryAfterMsOf(error);
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}
