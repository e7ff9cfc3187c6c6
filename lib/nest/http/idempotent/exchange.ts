import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';
import { fieldOf } from '../../../core/error-facts.js';

/** Says on a replay that it is one. */
export const REPLAYED_HEADER = 'Idempotency-Replayed';

/** What of a Fastify reply is used: it keeps headers of its own until it is sent. */
interface Reply {
  readonly raw: ServerResponse;
  code(status: number): void;
  header(name: string, value: unknown): void;
  removeHeader(name: string): void;
  getHeaders(): Record<string, HeaderValue | undefined>;
  send(payload?: unknown): void;
}

/** As Node knows it. */
export type HeaderValue = string | number | readonly string[];

/** One request and its answer, under both platforms. */
export interface Exchange {
  /** As the platform hands it to handlers. */
  readonly request: unknown;
  readonly rawRequest: IncomingMessage;
  readonly raw: ServerResponse;
  /** Only under Fastify. */
  readonly reply: Reply | undefined;
}

/** The request and the answer of a context. */
export function exchangeOf(context: ExecutionContext): Exchange {
  // `switchToHttp` makes functions anew for each request.
  const request = context.getArgByIndex<object>(0);
  const response = context.getArgByIndex<object>(1);
  const isReply = typeof fieldOf(response, 'raw') === 'object';
  return {
    request,
    // Fastify wraps what Node gives, Express extends it: the types of both are their own packages' business.
    rawRequest: (fieldOf(request, 'raw') ?? request) as IncomingMessage,
    raw: (isReply ? fieldOf(response, 'raw') : response) as ServerResponse,
    reply: isReply ? (response as Reply) : undefined,
  };
}

/** The headers that the answer has by now. */
export function headersOf({ raw, reply }: Exchange): Record<string, HeaderValue | undefined> {
  return reply === undefined ? raw.getHeaders() : reply.getHeaders();
}

/** Sets a header of the answer, whoever writes it. */
export function setHeader({ raw, reply }: Exchange, name: string, value: HeaderValue): void {
  if (reply !== undefined) reply.header(name, value);
  else raw.setHeader(name, value);
}

/** Sets the status of the answer, whoever writes it. */
export function setStatus({ raw, reply }: Exchange, status: number): void {
  if (reply !== undefined) reply.code(status);
  else raw.statusCode = status;
}

/** Whether a client has gone before it was answered; a response of HTTP/2 knows it from its stream. */
export function hasLeft({ raw }: Exchange): boolean {
  return raw.destroyed || fieldOf(fieldOf(raw, 'stream'), 'destroyed') === true;
}

/** A header of a request: a list where it was sent more than once, which Node joins with commas. */
export function headerSent(
  { rawRequest }: Exchange,
  lowerName: string,
): string | readonly string[] | undefined {
  const joined = rawRequest.headers[lowerName];
  if (typeof joined !== 'string' || !joined.includes(',')) return joined;
  const { rawHeaders = [] } = rawRequest;
  const sent = rawHeaders.filter(
    (_each, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === lowerName,
  );
  return sent.length > 1 ? sent : joined;
}
