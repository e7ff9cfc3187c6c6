import {
  breakerOptions,
  bulkheadOptions,
  Compiler,
  FUNCTIONS,
  layered,
  Pipeline,
  type Policies,
  type PolicyOptions,
  rateLimiterOptions,
  retryOptions,
  type Step,
} from '../../pipeline/index.js';
import type { ResilienceService } from '../../nest/index.js';
import type { RetryOptions } from '../../policies/retry/index.js';

/** Where requests have their policies from: an application, or `createPolicies()` of `nestjs-selfheal/core`. */
export type PolicySource = ResilienceService | Policies;

/** What decides under which rules one request runs. */
export interface RequestTraits {
  /** Whether it must not be repeated. */
  readonly isUnsafe: boolean;
  /** Whether its body can be sent again. */
  readonly isReplayable: boolean;
  /** What the request says of its retry, laid over what holds for all; `false` for none. */
  readonly retry: RetryOptions | false | undefined;
}

/** The pipelines of the requests of one client. Breakers, bulkheads and limiters are the same in all of them. */
export class RequestPolicies {
  private readonly base: Pipeline;
  private readonly policies: PolicyOptions;
  private readonly known = new Map<string, Pipeline>();

  /** @throws {InvalidOptionsError} naming the option that cannot be meant */
  constructor(
    private readonly source: PolicySource,
    private readonly operation: string,
    given: PolicyOptions,
  ) {
    this.policies = withNames(given, operation);
    this.base = this.compile(this.policies);
  }

  get environment(): Pipeline['environment'] {
    return this.base.environment;
  }

  /** @throws {InvalidOptionsError} where the request's own options cannot be meant */
  pipelineFor(traits: RequestTraits): Pipeline {
    const { isUnsafe, isReplayable, retry } = traits;
    const isRetried = isReplayable && retry !== false;
    if (isRetried && retry !== undefined) return this.make(this.stepsWith(retry), isUnsafe);
    const variant = `${isUnsafe} ${isReplayable} ${isRetried}`;
    const known = this.known.get(variant);
    if (known !== undefined) return known;
    // What is left of a stream that is being read, a hedge would send as if it were the whole.
    const isTaken = ({ word }: Step): boolean =>
      word === 'hedge' ? isReplayable : word !== 'retry' || isRetried;
    const pipeline = this.make(this.base.steps.filter(isTaken), isUnsafe);
    this.known.set(variant, pipeline);
    return pipeline;
  }

  /** The same steps with another retry; all others are the very objects that every request passes. */
  private stepsWith(given: RetryOptions): readonly Step[] {
    const retry = layered<RetryOptions>(retryOptions(this.policies.retry), given);
    const { steps } = this.compile({ ...this.policies, retry });
    const same = (step: Step): Step => this.base.steps.find(({ word }) => word === step.word) ?? step;
    return steps.map((step) => (step.word === 'retry' ? step : same(step)));
  }

  private make(steps: readonly Step[], isUnsafe: boolean): Pipeline {
    const { operation, environment } = this.base;
    return new Pipeline({ operation, steps, environment, target: FUNCTIONS, isUnsafe: () => isUnsafe });
  }

  private compile(policies: PolicyOptions): Pipeline {
    const { source, operation } = this;
    if ('pipeline' in source) return source.pipeline({ operation, ...policies });
    const { environment } = source.engine;
    const { steps } = new Compiler(source.engine, { operation, policies }).compile();
    return new Pipeline({ operation, steps, environment, target: FUNCTIONS });
  }
}

/** What has no name is shared by the requests of one operation, however often its policies are compiled. */
function withNames(policies: PolicyOptions, operation: string): PolicyOptions {
  const { circuitBreaker, bulkhead, rateLimiter } = policies;
  const name = operation;
  return {
    ...policies,
    ...(circuitBreaker !== undefined && { circuitBreaker: { name, ...breakerOptions(circuitBreaker) } }),
    ...(bulkhead !== undefined && { bulkhead: { name, ...bulkheadOptions(bulkhead) } }),
    // A limit that is missing is given elsewhere under the same name, or refused when the limiter is made.
    ...(rateLimiter !== undefined && { rateLimiter: { name, ...rateLimiterOptions(rateLimiter) } }),
  } as PolicyOptions;
}
