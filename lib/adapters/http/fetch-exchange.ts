import { ask, type CallContext, isRetryable, statusOf } from '../../core/index.js';
import type { Environment } from '../../core/index.js';
import { rememberRetry, rememberUnsafeRequest, retryInfo } from '../../policies/retry/index.js';
import type { ResolvedFetchOptions } from './fetch.options.js';
import type { FetchRequest } from './fetch-request.js';
import { discardBody } from './http-request.js';
import { HttpResponseError } from './http.errors.js';
import { OpenAnswers } from './open-answers.js';
import type { OutgoingHeaders } from './outgoing-headers.js';
import { prepared } from './prepared.js';

/** What an exchange needs beside its request. */
export interface ExchangeParts {
  readonly options: ResolvedFetchOptions;
  readonly outgoing: OutgoingHeaders;
  readonly environment: Environment;
  /** Whether whoever makes the request again has an effect twice: also where it gets another key then. */
  readonly isUnsafeOutside: boolean;
}

/** One call of fetch, from its first attempt to what the caller gets of the last. */
export class FetchExchange {
  private hasSent = false;
  private readonly answers = new OpenAnswers();

  constructor(
    private readonly request: FetchRequest,
    private readonly parts: ExchangeParts,
  ) {}

  /** @throws {HttpResponseError} where the answer counts as a failure, and what fetch throws */
  async attempt(call: CallContext): Promise<Response> {
    const { request } = this;
    const { options, outgoing } = this.parts;
    const { attempt } = call;
    this.answers.letGoBefore(attempt);
    const headers = new Headers(request.headers);
    if (attempt > 1) await prepared(options, { request, attempt, headers });
    const signal =
      request.signal === undefined ? call.signal : AbortSignal.any([request.signal, call.signal]);
    const [input, init] = await request.attempt(headers, signal);
    outgoing.addTo(headers, request, call);
    this.hasSent = true;
    const response = await options.send(input, init);
    if (signal.aborted) {
      // Nobody waits for an answer that came in spite of the abort.
      discardBody(response.body);
      throw signal.reason;
    }
    this.answers.keep(response, { body: response.body, attempt });
    if (this.isFailure(response)) throw this.errorOf(response);
    return response;
  }

  /** What the caller gets where the policies let a value through. */
  conclude(response: Response): Response {
    // A fallback may have answered with another one, or with something else altogether.
    this.answers.letGoExcept(response);
    const isThrown = this.parts.options.throwOnError && (statusOf(response) ?? 0) >= 400;
    const outcome = isThrown ? this.errorOf(response) : response;
    this.note(outcome);
    if (outcome !== response) throw outcome;
    return response;
  }

  /** The last answer, where it is what failed. @throws the error in every other case */
  failed(error: unknown): Response {
    const isOurs = error instanceof HttpResponseError && this.answers.has(error.response);
    const outcome = isOurs && !this.parts.options.throwOnError ? error.response : error;
    this.answers.letGoExcept(isOurs ? error.response : undefined);
    this.note(outcome);
    if (outcome === error) throw error;
    const info = retryInfo(error);
    if (info !== undefined) rememberRetry(outcome, info);
    return outcome as Response;
  }

  /** An outer retry sees neither method nor key of what is given here. */
  private note(outcome: unknown): void {
    if (this.parts.isUnsafeOutside && this.hasSent) rememberUnsafeRequest(outcome);
  }

  private isFailure(response: Response): boolean {
    const { options, environment } = this.parts;
    const { isFailure } = options;
    if (isFailure === undefined) return isRetryable(response);
    return ask(environment.events, 'isFailure', () => isFailure(response));
  }

  private errorOf(response: Response): HttpResponseError {
    return new HttpResponseError(this.request.method, this.request.host, response);
  }
}
