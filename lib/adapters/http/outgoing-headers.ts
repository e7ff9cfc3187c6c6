import { randomUUID } from 'node:crypto';
import { ask, type CallContext, type EventSink, ignore, OptionCheck } from '../../core/index.js';
import { tellsOfUnsafeRequest } from '../../policies/retry/index.js';
import type { ResolvedHttpOptions } from './http.options.js';
import type { HttpRequest, RequestHeaders } from './http-request.js';
import { isOwnHost } from './own-hosts.js';

const KEY_HEADER = 'Idempotency-Key';

/** What requests carry beside the caller's own headers. */
export class OutgoingHeaders {
  constructor(
    private readonly options: ResolvedHttpOptions,
    private readonly events: EventSink,
  ) {}

  /**
   * Gives a request that must not be repeated its key, once for all attempts, where the options say so. Answers
   * whether the same request would get another key next time.
   *
   * @throws {InvalidOptionsError} where what makes keys gives no text: all requests would have one key
   */
  addKey(headers: RequestHeaders, request: HttpRequest): boolean {
    const { idempotencyKey } = this.options;
    if (idempotencyKey === false || !isUnsafe(request, headers)) return false;
    const isRandom = idempotencyKey === true;
    const key: unknown = isRandom ? randomUUID() : idempotencyKey(request);
    if (typeof key === 'string') headers.set(KEY_HEADER, key);
    else if (key !== undefined) this.refuseKey(key);
    return isRandom;
  }

  private refuseKey(key: unknown): never {
    // It is not waited for, and its rejection must not end the process.
    ignore(key, this.events, 'idempotencyKey');
    return new OptionCheck('http', this.options.operation).refuse('idempotencyKey', key, 'must give a text');
  }

  /** Tells how long the caller waits and which attempt this is; `timeoutMs` is the client's own limit. */
  addTo(headers: RequestHeaders, request: HttpRequest, call: CallContext, timeoutMs?: number): void {
    if (!this.isTold(request.host)) return;
    const { deadlineHeader, retryHeader } = this.options;
    const remainingMs = Math.min(
      call.remainingMs ?? Number.POSITIVE_INFINITY,
      timeoutMs ?? Number.POSITIVE_INFINITY,
    );
    if (deadlineHeader !== false && Number.isFinite(remainingMs) && !headers.has(deadlineHeader)) {
      headers.set(deadlineHeader, String(Math.floor(remainingMs)));
    }
    if (retryHeader !== false && call.attempt > 1) headers.set(retryHeader, String(call.attempt));
  }

  private isTold(host: string): boolean {
    const { tellHosts = isOwnHost } = this.options;
    if (typeof tellHosts === 'boolean') return tellHosts;
    if (typeof tellHosts !== 'function') return tellHosts.includes(host);
    return ask(this.events, 'tellHosts', () => tellHosts(host));
  }
}

/** Whether a request must not be repeated: a POST or PATCH without an `Idempotency-Key`. */
export function isUnsafe({ method }: HttpRequest, headers: unknown): boolean {
  return tellsOfUnsafeRequest({ config: { method, headers } });
}
