import type { UpstreamName } from '../upstreams/fault-plan.js';

/** The request as axios tells it, so that the library sees method and idempotency key. */
export interface SentRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer that is an error, or what broke the connection. */
export type UpstreamFailure =
  { readonly status: number; readonly headers: Headers } | { readonly cause: unknown };

/** An upstream answered with an error, or its connection failed (then without a status, see `cause`). */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';

  readonly status?: number;
  readonly headers?: Headers;

  constructor(
    readonly upstream: UpstreamName,
    readonly config: SentRequest,
    failure: UpstreamFailure,
  ) {
    if ('cause' in failure) {
      super(`${upstream} could not be reached`, failure);
      return;
    }
    super(`${upstream} answered ${failure.status}`);
    this.status = failure.status;
    this.headers = failure.headers;
  }
}
