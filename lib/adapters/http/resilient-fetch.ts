import { isRetryable } from '../../core/index.js';
import { layered, type PolicyOptions, retryOptions } from '../../pipeline/index.js';
import type { RetryOptions } from '../../policies/retry/index.js';
import {
  type ResilientFetchOptions,
  type ResilientRequestInit,
  type ResolvedFetchOptions,
  resolveFetchOptions,
} from './fetch.options.js';
import { FetchExchange } from './fetch-exchange.js';
import { FetchRequest } from './fetch-request.js';
import { HttpResponseError } from './http.errors.js';
import { isUnsafe, OutgoingHeaders } from './outgoing-headers.js';
import { type PolicySource, RequestPolicies } from './request-policies.js';

/** Takes the place of `fetch`; a request may say more than fetch knows. */
export type ResilientFetch = (
  input: string | URL | Request,
  init?: ResilientRequestInit,
) => Promise<Response>;

/**
 * A `fetch` whose requests run under policies. An answer that counts as a failure is a failed attempt; in the end
 * the caller gets the last answer, or the last error of fetch itself, the same object.
 *
 * @throws {InvalidOptionsError} where an option cannot be meant
 */
export function resilientFetch(source: PolicySource, options: ResilientFetchOptions = {}): ResilientFetch {
  const resolved = resolveFetchOptions(options);
  const policies = new RequestPolicies(source, resolved.operation, retryingFailures(resolved));
  const outgoing = new OutgoingHeaders(resolved, policies.environment.events);
  return async (input, init = {}) => {
    const request = new FetchRequest(input, init);
    const { headers, isReplayable, signal } = request;
    const isKeyRandom = outgoing.addKey(headers, request);
    const traits = { isUnsafe: isUnsafe(request, headers), isReplayable, retry: init.resilience };
    const pipeline = policies.pipelineFor(traits);
    const { environment } = pipeline;
    const exchange = new FetchExchange(request, {
      options: resolved,
      outgoing,
      environment,
      isUnsafeOutside: traits.isUnsafe || isKeyRandom,
    });
    const attempt: FetchExchange['attempt'] = (call) => exchange.attempt(call);
    const args = [request];
    const work =
      signal === undefined ? pipeline.call(attempt, args) : pipeline.run(attempt, args, { signal });
    // The pipeline passes on what an attempt gives, or a fallback in its place.
    return (work as Promise<Response>).then(
      (response) => exchange.conclude(response),
      (error: unknown) => exchange.failed(error),
    );
  };
}

/** Who says what a failure is means that it is retried, whatever its status; unless the retry says otherwise. */
function retryingFailures({ policies, isFailure }: ResolvedFetchOptions): PolicyOptions {
  const { retry } = policies;
  const written = retryOptions(retry);
  if (isFailure === undefined || retry === undefined || written.name !== undefined) return policies;
  const retryOn = (error: unknown): boolean => error instanceof HttpResponseError || isRetryable(error);
  return { ...policies, retry: layered<RetryOptions>({ retryOn }, written) };
}
