import type { ExecutionContext } from '@nestjs/common';
import { fieldOf } from '../../../core/error-facts.js';
import type { Besides, Surroundings } from '../../../pipeline/index.js';
import { type Exchange, exchangeOf, headersOf, REPLAYED_HEADER, setHeader, setStatus } from './exchange.js';
import type { SaidAtEnd } from './route-capture.js';
import { type KeptHeaders, keptHeaders } from './wire-answer.js';

/** Status and headers that a route handler has set, kept beside the value that its route makes an answer of. */
export function besidesOf(answered: () => Surroundings | undefined, replayed: readonly string[]): Besides {
  const exchange = (): Exchange | undefined => {
    const context = answered()?.executionContext;
    // What is kept with a call is the context that Nest gave its interceptor.
    return context === undefined ? undefined : exchangeOf(context as ExecutionContext);
  };
  return {
    taken: () => {
      const present = exchange();
      return (
        present && { status: present.raw.statusCode, headers: keptHeaders(headersOf(present), replayed) }
      );
    },
    said: (kept) => {
      const present = exchange();
      if (present !== undefined && !present.raw.headersSent) say(present, kept);
    },
  };
}

const NO_HEADERS: SaidAtEnd['headers'] = {};

/** What a method has said. A look at the headers is dear, and only one with the response in its hands has set any. */
export function saidOn(exchange: Exchange, { hasResponse }: { readonly hasResponse: boolean }): SaidAtEnd {
  const headers = hasResponse ? headersOf(exchange) : NO_HEADERS;
  return { status: exchange.raw.statusCode, headers };
}

function say(exchange: Exchange, kept: unknown): void {
  const [status, headers] = [fieldOf(kept, 'status'), fieldOf(kept, 'headers')];
  if (typeof status === 'number') setStatus(exchange, status);
  // Written by `taken` of this or an earlier version, which had the same form.
  for (const [name, value] of Array.isArray(headers) ? (headers as KeptHeaders) : []) {
    setHeader(exchange, name, value);
  }
  setHeader(exchange, REPLAYED_HEADER, 'true');
}
