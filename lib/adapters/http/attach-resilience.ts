import type { AxiosLike, AxiosRequestLike } from './axios-shapes.js';
import { cancellationOf } from './axios-cancellation.js';
import { type AxiosDispatch, dispatchOf } from './axios-dispatch.js';
import { AxiosExchange } from './axios-exchange.js';
import { type HttpOptions, type ResolvedHttpOptions, resolveHttpOptions } from './http.options.js';
import type { RequestHeaders } from './http-request.js';
import { isUnsafe, OutgoingHeaders } from './outgoing-headers.js';
import { type PolicySource, RequestPolicies } from './request-policies.js';

/** Policies on an axios instance. */
export interface AttachedResilience {
  /** Takes them off again; requests that are under way keep theirs. */
  detach(): void;
}

/**
 * Runs the requests of an axios instance (`HttpService.axiosRef` included) under policies. Interceptors run once per
 * request, around all of its attempts; `timeout` is the limit of one attempt; the caller gets axios's own last error.
 *
 * @throws {InvalidOptionsError} where an option cannot be meant
 */
export function attachResilience(
  instance: AxiosLike,
  source: PolicySource,
  options: HttpOptions = {},
): AttachedResilience {
  const client = new AxiosClient(instance, source, resolveHttpOptions(options, 'axios'));
  const { request } = instance.interceptors;
  const id = request.use((config) => client.prepare(config), null, { synchronous: true });
  return { detach: () => request.eject(id) };
}

/** The requests of one instance. */
class AxiosClient {
  private readonly policies: RequestPolicies;
  private readonly outgoing: OutgoingHeaders;
  private readonly dispatch: AxiosDispatch;

  constructor(
    instance: AxiosLike,
    source: PolicySource,
    private readonly options: ResolvedHttpOptions,
  ) {
    this.policies = new RequestPolicies(source, options.operation, options.policies);
    this.outgoing = new OutgoingHeaders(options, this.policies.environment.events);
    this.dispatch = dispatchOf(instance);
  }

  /** Puts the policies around the adapter, which is where axios ends and the wire begins. */
  prepare<C extends AxiosRequestLike>(config: C): C {
    if (config.resilience === false) return config;
    const { adapter } = config;
    config.adapter = (dispatched: AxiosRequestLike) => this.run(dispatched, adapter);
    return config;
  }

  private async run(dispatched: AxiosRequestLike, adapter: unknown): Promise<unknown> {
    const config = { ...dispatched, adapter };
    // Each attempt's answer is transformed for the policies to see; once is enough.
    dispatched.transformResponse = [];
    const { signal, release } = cancellationOf(config);
    try {
      return await this.exchange(config, signal);
    } catch (error) {
      if (signal?.aborted !== true || error !== signal.reason) throw error;
      // Nothing is sent: axios finds the request cancelled, and makes the error of it that its users know.
      return await this.dispatch({ ...config, transformRequest: [], transformResponse: [] });
    } finally {
      release();
    }
  }

  private async exchange(config: AxiosRequestLike, signal: AbortSignal | undefined): Promise<unknown> {
    const { options, outgoing, dispatch } = this;
    const exchange = new AxiosExchange(config, { options, outgoing, dispatch, signal });
    // What reaches an adapter has headers of axios.
    const isKeyRandom = outgoing.addKey(config.headers as RequestHeaders, exchange);
    const traits = {
      isUnsafe: isUnsafe(exchange, config.headers),
      isReplayable: exchange.isReplayable,
      retry: config.resilience,
    };
    const isUnsafeOutside = traits.isUnsafe || isKeyRandom;
    const pipeline = this.policies.pipelineFor(traits);
    const attempt: AxiosExchange['attempt'] = (call) => exchange.attempt(call);
    const args = [exchange];
    try {
      const work =
        signal === undefined ? pipeline.call(attempt, args) : pipeline.run(attempt, args, { signal });
      const answer = await work;
      exchange.ended(answer, isUnsafeOutside);
      return answer;
    } catch (error) {
      exchange.failed(error, isUnsafeOutside);
      throw error;
    }
  }
}
