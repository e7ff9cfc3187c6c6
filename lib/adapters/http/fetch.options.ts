import { OptionCheck } from '../../core/index.js';
import type { RetryOptions } from '../../policies/retry/index.js';
import { type HttpOptions, type ResolvedHttpOptions, resolveHttpOptions } from './http.options.js';

/** The policies of `resilientFetch`, and what its caller gets. */
export interface ResilientFetchOptions extends HttpOptions {
  /**
   * Which answers are failures: retried, counted by the breaker, replaced by the fallback. One that throws means no.
   *
   * @defaultValue what `isRetryable` says of the status
   */
  isFailure?(response: Response): boolean;
  /**
   * Whether an answer of status 400 and above, the last of all attempts, is thrown as `HttpResponseError` instead of
   * being returned.
   *
   * @defaultValue false
   */
  readonly throwOnError?: boolean;
  /** What sends a request. @defaultValue the global `fetch` */
  readonly fetch?: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

/** Checked options, all of them present. */
export interface ResolvedFetchOptions extends ResolvedHttpOptions {
  readonly isFailure: ResilientFetchOptions['isFailure'];
  readonly throwOnError: boolean;
  readonly send: (input: string | URL | Request, init: RequestInit) => Promise<Response>;
}

/** A request's body, or what makes it anew for each attempt. */
export type ReplayableBody = RequestInit['body'] | (() => RequestInit['body'] | Promise<RequestInit['body']>);

/** What a single request says. */
export interface ResilientRequestInit extends Omit<RequestInit, 'body'> {
  /** A stream can be sent once; a function makes a body for each attempt. */
  readonly body?: ReplayableBody | undefined;
  /** Laid over the options of all requests; `false`: no retry. */
  readonly resilience?: RetryOptions | false | undefined;
}

/** @throws {InvalidOptionsError} with operation, field, value and what would be right */
export function resolveFetchOptions(given: ResilientFetchOptions): ResolvedFetchOptions {
  const { isFailure, throwOnError = false, fetch: send } = given;
  const http = resolveHttpOptions(given, 'fetch', ['isFailure', 'throwOnError', 'fetch']);
  const check = new OptionCheck('http', http.operation);
  return {
    ...http,
    isFailure: check.optionalFunction('isFailure', isFailure),
    throwOnError: check.flag('throwOnError', throwOnError),
    // Looked up at each request: instrumentation may replace the global one later.
    send: check.optionalFunction('fetch', send) ?? ((input, init) => fetch(input, init)),
  };
}
