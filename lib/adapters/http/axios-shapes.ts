import type { RetryOptions } from '../../policies/retry/index.js';

/** What is used of a request's configuration; the rest is handed on as it is. */
export interface AxiosRequestLike {
  /** The verb, in any letter case. */
  method?: string | undefined;
  /** Absolute, or relative to `baseURL`. */
  url?: string | undefined;
  /** What `url` is relative to. */
  baseURL?: string | undefined;
  /** Names and values, in any shape that axios takes. */
  headers?: unknown;
  /** The body, before it is serialised. */
  data?: unknown;
  /** Milliseconds that axios waits for one request; 0 for ever. */
  timeout?: number | undefined;
  /** Ends the request when it aborts. */
  signal?: unknown;
  /** The older way to end a request. */
  cancelToken?: unknown;
  /** What sends the request. */
  adapter?: unknown;
  /** What turns `data` into bytes. */
  transformRequest?: unknown;
  /** What turns bytes into data. */
  transformResponse?: unknown;
  /** Options of this request, laid over those of the instance; `false` sends it bare. */
  resilience?: RetryOptions | false | undefined;
}

/** What is used of a list of interceptors. */
export interface AxiosInterceptorsLike {
  /** Adds an interceptor; answers the number to take it away by. */
  use(
    onFulfilled: <C extends AxiosRequestLike>(config: C) => C,
    onRejected?: null,
    options?: { synchronous?: boolean },
  ): number;
  /** Takes the interceptor of this number away. */
  eject(id: number): void;
}

/** What is used of an axios instance, the default one or one of `axios.create()`, in whatever version. */
export interface AxiosLike {
  /** The instance's interceptors. */
  readonly interceptors: { readonly request: AxiosInterceptorsLike };
  /** An instance with the same defaults. */
  create(): AxiosLike;
  /** Sends a request. */
  request(config: AxiosRequestLike): Promise<unknown>;
}

/** @ts-ignore axios is an optional peer: without it there is nothing to add to. */
declare module 'axios' {
  interface AxiosRequestConfig {
    /** Laid over the options of `attachResilience`; `false`: this request runs without any policy. */
    resilience?: RetryOptions | false | undefined;
  }
}
