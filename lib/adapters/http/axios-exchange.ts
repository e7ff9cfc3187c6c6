import { type CallContext, fieldOf } from '../../core/index.js';
import { rememberUnsafeRequest } from '../../policies/retry/index.js';
import type { AxiosDispatch } from './axios-dispatch.js';
import type { AxiosRequestLike } from './axios-shapes.js';
import type { ResolvedHttpOptions } from './http.options.js';
import { prepared } from './prepared.js';
import { discardBody, hostOf, type HttpRequest, isReadOnce, type RequestHeaders } from './http-request.js';
import { OpenAnswers } from './open-answers.js';
import type { OutgoingHeaders } from './outgoing-headers.js';

/** The headers of axios. */
interface AxiosHeadersLike extends RequestHeaders {
  concat(): AxiosHeadersLike;
}

/** What an exchange needs beside its request. */
export interface AxiosExchangeParts {
  readonly options: ResolvedHttpOptions;
  readonly outgoing: OutgoingHeaders;
  readonly dispatch: AxiosDispatch;
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal | undefined;
}

/** One request of axios, its data already serialised, from its first attempt to its last. */
export class AxiosExchange implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly host: string;
  /** Whether its data can be sent again. */
  readonly isReplayable: boolean;
  private hasSent = false;
  private readonly answers = new OpenAnswers();

  constructor(
    /** What answers and errors show as the configuration: that of the caller. */
    private readonly config: AxiosRequestLike,
    private readonly parts: AxiosExchangeParts,
  ) {
    this.method = (config.method ?? 'get').toUpperCase();
    this.url = config.url ?? '';
    this.host = hostOf(this.url, config.baseURL);
    this.isReplayable = !isReadOnce(config.data);
  }

  get body(): unknown {
    const { data } = this.config;
    return typeof data === 'function' || isReadOnce(data) ? undefined : data;
  }

  /** As axios would have sent it, with the caller's own configuration in the answer. */
  async attempt(call: CallContext): Promise<unknown> {
    this.answers.letGoBefore(call.attempt);
    const config = await this.configOf(call);
    this.hasSent = true;
    try {
      const response = await this.parts.dispatch(config);
      this.seen(response, call);
      return response;
    } catch (error) {
      this.seen(fieldOf(error, 'response'), call);
      this.show(error);
      throw error;
    }
  }

  /** The call has ended with this answer; whoever makes the request again may have an effect twice. */
  ended(answer: unknown, isUnsafeOutside: boolean): void {
    this.answers.letGoExcept(answer);
    this.note(answer, isUnsafeOutside);
  }

  /** The same for an error, which may tell of the last answer. */
  failed(error: unknown, isUnsafeOutside: boolean): void {
    this.answers.letGoExcept(fieldOf(error, 'response'));
    this.note(error, isUnsafeOutside);
  }

  /** Errors of this package tell an outer retry nothing of the request, and a key made here looks like the caller's. */
  private note(outcome: unknown, isUnsafeOutside: boolean): void {
    if (isUnsafeOutside && this.hasSent) rememberUnsafeRequest(outcome);
  }

  private async configOf(call: CallContext): Promise<AxiosRequestLike> {
    const { options, outgoing, signal } = this.parts;
    const { attempt } = call;
    const { data, timeout = 0 } = this.config;
    // What reaches an adapter has headers of axios.
    const headers = (this.config.headers as AxiosHeadersLike).concat();
    if (attempt > 1) await prepared(options, { request: this, attempt, headers });
    outgoing.addTo(headers, this, call, timeout > 0 ? timeout : undefined);
    return {
      ...this.config,
      headers,
      data: typeof data === 'function' ? await Reflect.apply(data, undefined, []) : data,
      signal: signal === undefined ? call.signal : AbortSignal.any([signal, call.signal]),
      // Done already, when the caller's own request was dispatched.
      transformRequest: [],
    };
  }

  private seen(response: unknown, { attempt, signal }: CallContext): void {
    if (response === undefined) return;
    const body = fieldOf(response, 'data');
    // Nobody waits for an answer that came in spite of the abort.
    if (signal.aborted) discardBody(body);
    else this.answers.keep(response, { body, attempt });
    this.show(response);
  }

  /** Code that sends `error.config` once more must find what the caller has said. */
  private show(outcome: unknown): void {
    if (typeof outcome === 'object' && outcome !== null && 'config' in outcome) outcome.config = this.config;
  }
}
