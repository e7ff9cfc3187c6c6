import { type CallContext, InvalidOptionsError } from '../core/index.js';
import {
  type CallOptions,
  Compiler,
  FUNCTIONS,
  Pipeline,
  type PolicyOptions,
  breakerOptions,
  bulkheadOptions,
  rateLimiterOptions,
} from '../pipeline/index.js';
import type { RetryOptions } from '../policies/retry/index.js';
import { attemptsOf, type RetriedAttempt } from './retried-attempts.js';
import type { ResilienceRuntime } from './runtime/index.js';

/** The policies of a block of code, or of its retry alone. */
export type ExecuteOptions = (PolicyOptions & { readonly operation?: string }) | RetryOptions;

const POLICY_FIELDS: readonly string[] = [
  'operation',
  'retry',
  'circuitBreaker',
  'timeLimiter',
  'bulkhead',
  'rateLimiter',
  'hedge',
  'fallback',
  'order',
] satisfies (keyof PolicyOptions | 'operation')[];

const NAMELESS = 'execute';

/** The policies of this application for code that no decorator reaches, by the same rules. */
export class ResilienceService {
  private readonly byName = new Map<string, Pipeline>();
  private readonly byOptions = new WeakMap<object, Pipeline>();

  constructor(private readonly runtime: ResilienceRuntime) {}

  /**
   * Runs the function under the policies; it may run several times, or not at all. A breaker, bulkhead or rate
   * limiter without a name of its own is shared by all that give the same `operation`: give one to each dependency.
   *
   * @param policies options, or a name: everything that the module has configured under it takes part
   * @throws {InvalidOptionsError} where an option cannot be meant, or nothing is configured under the name
   */
  async execute<T>(
    policies: ExecuteOptions | string,
    fn: (call: CallContext) => T | PromiseLike<T>,
    options: CallOptions = {},
  ): Promise<T> {
    const pipeline = this.pipelineOf(policies);
    // The pipeline passes on what the function gives.
    return (await (options.signal ? pipeline.run(fn, [], options) : pipeline.call(fn, []))) as T;
  }

  /**
   * A function that runs the given one under the policies, with its own name, length and `this`; each call is a
   * call of its own.
   *
   * @throws {InvalidOptionsError} where an option cannot be meant, or nothing is configured under the name
   */
  wrap<A extends unknown[], R>(
    fn: (...args: A) => R,
    policies: ExecuteOptions | string,
  ): (...args: A) => Promise<Awaited<R>> {
    const { steps, operation, environment } = this.pipelineOf(policies);
    const pipeline = new Pipeline({ steps, operation, environment, target: { method: fn } });
    const wrapped = function (this: unknown, ...args: A): Promise<Awaited<R>> {
      // The pipeline passes on what the function gives.
      return pipeline.call(this, args) as Promise<Awaited<R>>;
    };
    const { name, length } = fn;
    return Object.defineProperties(wrapped, { name: { value: name }, length: { value: length } });
  }

  /**
   * The policies as one thing, for `withPipeline` of `nestjs-selfheal/rxjs`.
   *
   * @throws {InvalidOptionsError} where an option cannot be meant, or nothing is configured under the name
   */
  pipeline(policies: ExecuteOptions | string): Pipeline {
    return this.pipelineOf(policies);
  }

  /**
   * The attempts of a block of code. A round in which nothing failed is the last; after a failure that is not
   * retried the loop throws it.
   *
   * @example
   * for await (const attempt of service.attempts({ maxAttempts: 3 })) {
   *   await attempt.run(async () => { order = await place(); });
   * }
   */
  attempts(policies: RetryOptions | string, options: CallOptions = {}): AsyncGenerator<RetriedAttempt, void> {
    const retry = typeof policies === 'string' ? { name: policies } : policies;
    return attemptsOf(this.compile({ retry }), options);
  }

  private pipelineOf(policies: ExecuteOptions | string): Pipeline {
    if (typeof policies === 'string') return this.named(policies);
    const known = this.byOptions.get(policies);
    if (known !== undefined) return known;
    const pipeline = this.compile(isRetryAlone(policies) ? { retry: policies } : policies);
    this.byOptions.set(policies, pipeline);
    return pipeline;
  }

  private named(name: string): Pipeline {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const { engine } = this.runtime;
    this.runtime.addFeatures();
    const policies = {
      retry: engine.retryNamed(name) && name,
      circuitBreaker: engine.breakers.find(name) && name,
      bulkhead: engine.bulkheads.find(name) && name,
      rateLimiter: engine.rateLimiters.find(name) && name,
    };
    if (Object.values(policies).every((each) => each === undefined)) throw this.unknown(name);
    const pipeline = this.compile({ operation: name, ...policies });
    this.byName.set(name, pipeline);
    return pipeline;
  }

  private compile(policies: PolicyOptions & { readonly operation?: string }): Pipeline {
    const { operation = NAMELESS } = policies;
    const { engine, environment } = this.runtime;
    this.runtime.addFeatures();
    const { steps } = new Compiler(engine, { operation, policies: withNames(policies, operation) }).compile();
    return new Pipeline({ operation, steps, environment, target: FUNCTIONS });
  }

  private unknown(name: string): InvalidOptionsError {
    const { engine } = this.runtime;
    const known = [...engine.retryNames, ...engine.breakers.registry.names()].join(', ') || 'none';
    const expected = `names no policy of the module: "${name}" is unknown (known: ${known})`;
    return new InvalidOptionsError({
      operation: 'execute',
      policy: 'policies',
      field: 'name',
      value: name,
      expected,
    });
  }
}

/** Options of a retry have no field in common with those that name policies. */
function isRetryAlone(policies: ExecuteOptions): policies is RetryOptions {
  return !Object.keys(policies).some((field) => POLICY_FIELDS.includes(field));
}

/** What no method owns is shared by its operation: each call's literal options would make a breaker of its own. */
function withNames(policies: PolicyOptions, operation: string): PolicyOptions {
  const { circuitBreaker, bulkhead, rateLimiter } = policies;
  return {
    ...policies,
    ...(circuitBreaker !== undefined && {
      circuitBreaker: { name: operation, ...breakerOptions(circuitBreaker) },
    }),
    ...(bulkhead !== undefined && { bulkhead: { name: operation, ...bulkheadOptions(bulkhead) } }),
    ...(rateLimiter !== undefined && {
      rateLimiter: { name: operation, ...rateLimiterOptions(rateLimiter) },
    }),
  } as PolicyOptions;
}
