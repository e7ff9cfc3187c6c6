import type { RetryOptions } from '../../policies/retry/index.js';

/** What is used of a request's configuration; the rest is handed on as it is. */
export interface AxiosRequestLike {
  method?: string | undefined;
  url?: string | undefined;
  baseURL?: string | undefined;
  headers?: unknown;
  data?: unknown;
  timeout?: number | undefined;
  signal?: unknown;
  cancelToken?: unknown;
  adapter?: unknown;
  transformRequest?: unknown;
  transformResponse?: unknown;
  resilience?: RetryOptions | false | undefined;
}

/** What is used of a list of interceptors. */
export interface AxiosInterceptorsLike {
  use(
    onFulfilled: <C extends AxiosRequestLike>(config: C) => C,
    onRejected?: null,
    options?: { synchronous?: boolean },
  ): number;
  eject(id: number): void;
}

/** What is used of an axios instance, the default one or one of `axios.create()`, in whatever version. */
export interface AxiosLike {
  readonly interceptors: { readonly request: AxiosInterceptorsLike };
  create(): AxiosLike;
  request(config: AxiosRequestLike): Promise<unknown>;
}

/** @ts-ignore axios is an optional peer: without it there is nothing to add to. */
declare module 'axios' {
  interface AxiosRequestConfig {
    /** Laid over the options of `attachResilience`; `false`: this request runs without any policy. */
    resilience?: RetryOptions | false | undefined;
  }
}
