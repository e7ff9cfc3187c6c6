import { Inject, Injectable } from '@nestjs/common';
import type { UpstreamName } from '../upstreams/fault-plan.js';
import { type SentRequest, UpstreamError } from './upstream.error.js';

/** Injection token of the upstreams' addresses. */
export const UPSTREAM_URLS = Symbol('UPSTREAM_URLS');
export type UpstreamUrls = Readonly<Record<UpstreamName, string>>;

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The one way out to the upstreams, for plain and decorated services alike; counts what it sends. */
@Injectable()
export class UpstreamClient {
  private readonly sent = { payments: 0, inventory: 0, shipping: 0 };

  constructor(@Inject(UPSTREAM_URLS) private readonly urls: UpstreamUrls) {}

  /** Requests sent so far, those included that nobody took. */
  get calls(): Readonly<Record<UpstreamName, number>> {
    return { ...this.sent };
  }

  /** @throws {UpstreamError} when there is no answer or it is not a 2xx; an abort passes untouched */
  async send<T>(upstream: UpstreamName, request: UpstreamRequest, signal?: AbortSignal): Promise<T> {
    const { method, path, body } = request;
    const headers = { 'Content-Type': 'application/json', ...request.headers };
    const config: SentRequest = { method, headers };
    this.sent[upstream] += 1;
    try {
      const response = await fetch(this.urls[upstream] + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ?? null,
      });
      const text = await response.text();
      if (!response.ok) throw new UpstreamError(upstream, config, response);
      return JSON.parse(text) as T; // our own upstreams: their answers are what the clients say
    } catch (error) {
      if (error instanceof UpstreamError || signal?.aborted) throw error;
      throw new UpstreamError(upstream, config, { cause: error });
    }
  }
}
