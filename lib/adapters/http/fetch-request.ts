import { hostOf, type HttpRequest, isReadOnce } from './http-request.js';
import type { ReplayableBody, ResilientRequestInit } from './fetch.options.js';

type FetchInput = string | URL | Request;

/** One request of fetch, which can be made several times. */
export class FetchRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly host: string;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
  /** Whether it can be sent more than once. */
  readonly isReplayable: boolean;
  private readonly given: Request | undefined;
  private readonly ownBody: ReplayableBody | undefined;
  private readonly init: RequestInit;

  /** @throws {TypeError} as fetch does, where the headers are none */
  constructor(
    private readonly input: FetchInput,
    { body, resilience: _resilience, ...init }: ResilientRequestInit,
  ) {
    const given = (this.given = isRequest(input) ? input : undefined);
    this.init = init;
    this.ownBody = body ?? undefined;
    this.method = (init.method ?? given?.method ?? 'GET').toUpperCase();
    this.url = given?.url ?? String(input);
    this.host = hostOf(this.url);
    this.headers = new Headers(init.headers ?? given?.headers);
    this.signal = signalOf(init, given);
    this.isReplayable = isReplayable(this.ownBody, given);
  }

  get body(): unknown {
    return typeof this.ownBody === 'function' || isReadOnce(this.ownBody) ? undefined : this.ownBody;
  }

  /** What is given to fetch for one attempt. */
  async attempt(headers: Headers, signal: AbortSignal): Promise<[FetchInput, RequestInit]> {
    const init = { ...this.init, headers, signal };
    const { ownBody, given } = this;
    if (ownBody === undefined) return [this.copy(given), init];
    const body = typeof ownBody === 'function' ? await ownBody() : ownBody;
    // fetch demands this of streams; other bodies do not mind.
    return [this.input, { ...init, body: body ?? null, duplex: 'half' }];
  }

  /** A request with a body is sent as a copy: the body of the original stays unread for the next attempt. */
  private copy(given: Request | undefined): FetchInput {
    if (given === undefined || given.body === null || !this.isReplayable) return this.input;
    return given.clone();
  }
}

/** By shape: the `Request` of another copy of undici is no instance of the global one. */
function isRequest(input: FetchInput): input is Request {
  return typeof input === 'object' && 'clone' in input && 'headers' in input;
}

/** `null` says that the signal of the `Request` does not count either. */
function signalOf(init: RequestInit, given: Request | undefined): AbortSignal | undefined {
  return (init.signal === undefined ? given?.signal : init.signal) ?? undefined;
}

function isReplayable(body: ReplayableBody | undefined, given: Request | undefined): boolean {
  return body === undefined ? given?.bodyUsed !== true : !isReadOnce(body);
}
