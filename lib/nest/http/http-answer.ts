import type { HttpServer } from '@nestjs/common';
import { fieldOf } from '../../core/error-facts.js';
import type { ResilienceHttpException } from './to-http-exception.js';

/** Whether a value can be answered on: libraries call their handlers by the name of HTTP without a response. */
export function isResponse(value: unknown): boolean {
  return typeof fieldOf(value, 'send') === 'function' || typeof fieldOf(value, 'setHeader') === 'function';
}

/** Writes the answer through the adapter; one that has already begun is ended as it stands. */
export function answerHttp(adapter: HttpServer, response: unknown, answer: ResilienceHttpException): void {
  if (hasBegun(adapter, response)) {
    adapter.end(response);
    return;
  }
  for (const [name, value] of Object.entries(answer.headers)) adapter.setHeader(response, name, value);
  adapter.reply(response, answer.getResponse(), answer.getStatus());
}

/** The adapter of Fastify does not know of what was written to the raw response. */
function hasBegun(adapter: HttpServer, response: unknown): boolean {
  return (
    Boolean(adapter.isHeadersSent(response)) || fieldOf(fieldOf(response, 'raw'), 'headersSent') === true
  );
}
