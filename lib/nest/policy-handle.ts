import { type CallContext, type Duration, OptionCheck } from '../core/index.js';
import {
  type CallOptions,
  hedgeOptions,
  layered,
  Pipeline,
  type PolicyOptions,
  retryOptions,
  type StepWord,
  timeLimiterOptions,
} from '../pipeline/index.js';
import type { HedgeOptions } from '../policies/hedge/index.js';
import type { RetryOptions } from '../policies/retry/index.js';
import type { TimeLimiterOptions } from '../policies/time-limiter/index.js';
import { attemptsOf, type RetriedAttempt } from './retried-attempts.js';

/** The policies of a block of code, and what events and errors call it. */
export type NamedPolicyOptions = PolicyOptions & { readonly operation?: string };

/**
 * What is laid over policies that exist: options field by field, `false` takes a policy away, and what was not there
 * is added. A breaker, bulkhead or rate limiter that is there is shared, and can only be taken away.
 */
export type PolicyChanges = { readonly [P in keyof PolicyOptions]?: PolicyOptions[P] | false };

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
] satisfies (keyof NamedPolicyOptions)[];

/** What a block of code is called that has no name. */
export const NAMELESS = 'execute';

const SHARED = ['circuitBreaker', 'bulkhead', 'rateLimiter'] as const;

/** What a handle needs of the application. */
export interface PipelineMaker {
  /** @throws {InvalidOptionsError} where an option cannot be meant */
  make(policies: NamedPolicyOptions): Pipeline;
  /** Another number whenever the options of the application were replaced. */
  generation(): number;
}

/** Policies that can be run under, and laid other options over, any number of times; never changed themselves. */
export class PolicyHandle {
  private made: Pipeline | undefined;
  private madeIn = 0;

  constructor(
    private readonly policies: NamedPolicyOptions,
    private readonly maker: PipelineMaker,
  ) {}

  /** The policies as one thing, for `withPipeline` of `nestjs-selfheal/rxjs`. */
  get pipeline(): Pipeline {
    const generation = this.maker.generation();
    if (this.made === undefined || this.madeIn !== generation) this.made = this.maker.make(this.policies);
    this.madeIn = generation;
    return this.made;
  }

  /**
   * The same policies with other options, by policy or of the retry alone; breakers, bulkheads and limiters are the very objects of this handle.
   *
   * @example
   * const patient = service.policy('stripe').with({ retry: { maxAttempts: 9 }, timeLimiter: false });
   * @throws {InvalidOptionsError} where an option cannot be meant, or a shared object would be changed
   */
  with(changes: PolicyChanges | RetryOptions): PolicyHandle {
    const handle = new PolicyHandle(changed(this.policies, inFull(changes)), this.maker);
    // A wrong option is told here, not by the first call.
    void handle.pipeline;
    return handle;
  }

  /** Runs the function under the policies; it may run several times, or not at all. */
  async execute<T>(fn: (call: CallContext) => T | PromiseLike<T>, options: CallOptions = {}): Promise<T> {
    const { pipeline } = this;
    new OptionCheck('execute', pipeline.operation).function('fn', fn);
    // The pipeline passes on what the function gives.
    return (await (options.signal ? pipeline.run(fn, [], options) : pipeline.call(fn, []))) as T;
  }

  /** A function that runs the given one under the policies, with its own name, length and `this`. */
  wrap<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<Awaited<R>> {
    new OptionCheck('wrap', this.pipeline.operation).function('fn', fn);
    const pipelineOf = this.around(fn);
    void pipelineOf();
    const wrapped = function (this: unknown, ...args: A): Promise<Awaited<R>> {
      try {
        // The pipeline passes on what the function gives.
        return pipelineOf().call(this, args) as Promise<Awaited<R>>;
      } catch (error) {
        // Options that were replaced since may leave these policies impossible.
        return Promise.reject(error);
      }
    };
    const { name, length } = fn;
    return Object.defineProperties(wrapped, { name: { value: name }, length: { value: length } });
  }

  /** The pipeline of a function, made anew where the policies were. */
  private around(method: (...args: never[]) => unknown): () => Pipeline {
    let [of, made] = [undefined as Pipeline | undefined, undefined as Pipeline | undefined];
    return () => {
      const { pipeline } = this;
      const { steps, operation, environment } = pipeline;
      if (made === undefined || of !== pipeline)
        made = new Pipeline({ steps, operation, environment, target: { method } });
      of = pipeline;
      return made;
    };
  }

  /** The attempts of a block of code, by the retry of these policies; the others take no part. */
  attempts(options: CallOptions = {}): AsyncGenerator<RetriedAttempt, void> {
    return attemptsOf(this.pipeline, options);
  }
}

/**
 * Options by policy, where those of a retry alone may have been given; the two have no field in common.
 *
 * @throws {InvalidOptionsError} for what is no policy, which would be left out unsaid
 */
export function inFull<P extends object>(given: P | RetryOptions): P | { readonly retry: RetryOptions } {
  const isByPolicy = Object.keys(given).some((field) => POLICY_FIELDS.includes(field));
  if (!isByPolicy) return { retry: given as RetryOptions };
  const operation = 'operation' in given && typeof given.operation === 'string' ? given.operation : NAMELESS;
  new OptionCheck('policies', operation).onlyKnown(given, POLICY_FIELDS);
  return given as P;
}

/** @throws {InvalidOptionsError} where a shared object would be changed */
function changed(base: NamedPolicyOptions, changes: PolicyChanges): NamedPolicyOptions {
  refuseShared(base, changes);
  const said = Object.entries(changes).filter(([, value]) => value !== undefined);
  const others = Object.fromEntries(said.map(([policy, value]) => [policy, value || undefined]));
  const order = base.order?.filter((word) => !isTakenAway(word, changes));
  return { ...base, order, ...others, ...laidOver(base, changes) };
}

function isTakenAway(word: StepWord, changes: PolicyChanges): boolean {
  const policy = word === 'totalTimeout' || word === 'attemptTimeout' ? 'timeLimiter' : word;
  return changes[policy as keyof PolicyChanges] === false;
}

/** Of those that are there already, options are laid over options, whatever form they were written in. */
function laidOver(base: NamedPolicyOptions, { retry, timeLimiter, hedge }: PolicyChanges): PolicyOptions {
  const isLaid = (below: unknown, above: unknown): boolean =>
    below !== undefined && above !== undefined && above !== false;
  return {
    ...(isLaid(base.retry, retry) && {
      retry: layered<RetryOptions>(retryOptions(base.retry), retryOptions(retry || undefined)),
    }),
    ...(isLaid(base.timeLimiter, timeLimiter) && {
      timeLimiter: layered<TimeLimiterOptions>(
        timeLimiterOptions(base.timeLimiter),
        timeLimiterOptions(given<TimeLimiterOptions | Duration>(timeLimiter)),
      ),
    }),
    ...(isLaid(base.hedge, hedge) && {
      hedge: layered<HedgeOptions>(hedgeOptions(base.hedge), hedgeOptions(given(hedge))),
    }),
  };
}

function given<O>(change: O | false | undefined): O | undefined {
  return change === false ? undefined : change;
}

function refuseShared(base: NamedPolicyOptions, changes: PolicyChanges): void {
  for (const policy of SHARED) {
    const change = changes[policy];
    if (change === undefined || change === false || base[policy] === undefined) continue;
    if (change === base[policy]) continue;
    const expected = 'is shared: one call cannot change it for the others, only do without it (false)';
    new OptionCheck(policy, base.operation ?? NAMELESS).refuse('with', change, expected);
  }
}
