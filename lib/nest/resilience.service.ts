import { type CallContext, InvalidOptionsError, type OptionChange } from '../core/index.js';
import { type CallOptions, Compiler, FUNCTIONS, Pipeline, type RunningOverrides } from '../pipeline/index.js';
import type { RetryOptions } from '../policies/retry/index.js';
import { type Gathered, gatherParts, type GatherOptions, type Parts } from './gather.js';
import {
  inFull,
  NAMELESS,
  type NamedPolicyOptions,
  type PolicyChanges,
  PolicyHandle,
} from './policy-handle.js';
import type { RetriedAttempt } from './retried-attempts.js';
import { Reconfiguration } from './reconfigure/reconfiguration.js';
import type { ResilienceModuleOptions } from './resilience.options.js';
import type { ResilienceRuntime } from './runtime/index.js';
import { sharedByOperation } from './shared-by-operation.js';

/** The policies of a block of code, or of its retry alone. */
export type ExecuteOptions = NamedPolicyOptions | RetryOptions;

/** What one call of a block of code says. */
export interface ExecuteCallOptions extends CallOptions {
  /** Laid over the policies for this call alone, as by `policy(…).with(…)`. */
  readonly overrides?: PolicyChanges | RetryOptions | undefined;
}

/** The policies of this application for code that no decorator reaches, by the same rules. */
export class ResilienceService {
  private readonly byName = new Map<string, PolicyHandle>();
  private readonly byOptions = new WeakMap<object, PolicyHandle>();
  private readonly options: Reconfiguration;

  constructor(private readonly runtime: ResilienceRuntime) {
    this.options = new Reconfiguration(runtime);
  }

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
    options: ExecuteCallOptions = {},
  ): Promise<T> {
    const policy = this.policy(policies);
    const { overrides } = options;
    return (overrides === undefined ? policy : policy.with(overrides)).execute(fn, options);
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
    return this.policy(policies).wrap(fn);
  }

  /**
   * The policies as one thing, for `withPipeline` of `nestjs-selfheal/rxjs`.
   *
   * @throws {InvalidOptionsError} where an option cannot be meant, or nothing is configured under the name
   */
  pipeline(policies: ExecuteOptions | string): Pipeline {
    return this.policy(policies).pipeline;
  }

  /**
   * The policies as a handle, which runs functions under them and lays other options over them.
   *
   * @example
   * const once = service.policy('stripe').with({ maxAttempts: 1 });
   * await once.execute(() => charge());
   * @throws {InvalidOptionsError} where an option cannot be meant, or nothing is configured under the name
   */
  policy(policies: ExecuteOptions | string): PolicyHandle {
    if (typeof policies === 'string') return this.named(policies);
    const known = this.byOptions.get(policies);
    if (known !== undefined) return known;
    const handle = this.handle(inFull<NamedPolicyOptions>(policies));
    this.byOptions.set(policies, handle);
    return handle;
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
    return this.handle({ retry }).attempts(options);
  }

  /**
   * Lays options over those of a decorated method while the application runs; above everything that is written,
   * the module's `overrides` included. Of several the last one wins. Calls that are under way keep what they have.
   *
   * @example
   * const restore = service.override('PaymentsService.charge', { retry: false });
   * @returns what ends it; more than once is harmless
   * @throws {InvalidOptionsError} for an unknown method, naming the nearest one, and for options that cannot be
   * meant; then nothing has changed
   */
  override(operation: string, overrides: RunningOverrides): () => void {
    return this.runtime.overrides.add(operation, overrides);
  }

  /**
   * Replaces the options of `ResilienceModule` while the application runs, all or none: what is left out has its
   * default again. They hold from the next call on; breakers keep their state, budgets their balance, calls under
   * way end as they began. `idempotency`, `alerts`, `httpErrors`, `logger` and `clock` stay as they were at boot.
   *
   * @returns what is different now, as the event `configuration.changed` tells it too
   * @throws {InvalidOptionsError} for the first option that cannot be meant; then nothing has changed
   */
  reconfigure(options: ResilienceModuleOptions): readonly OptionChange[] {
    this.byName.clear();
    return this.options.replace(options);
  }

  /**
   * Calls all parts of a whole at once, and names those that failed: the others are there to be used.
   *
   * @example
   * const { values, failed } = await service.gather({ user: () => users.find(id), news: () => feed.latest() });
   * @throws the reason of the signal, at once when it aborts, and {@link InvalidOptionsError}
   */
  async gather<P extends Parts>(parts: P, options: GatherOptions = {}): Promise<Gathered<P>> {
    const { operation = 'gather', within, signal } = options;
    const timeLimiter = within === undefined ? undefined : { totalTimeout: within };
    const pipelineOf = (part: string): Pipeline =>
      this.compile({ operation: `${operation}.${part}`, timeLimiter });
    return gatherParts(parts, pipelineOf, { signal });
  }

  private named(name: string): PolicyHandle {
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
    const handle = this.handle({ operation: name, ...policies });
    this.byName.set(name, handle);
    return handle;
  }

  /** One whose options can be meant: what is wrong is told now. */
  private handle(policies: NamedPolicyOptions): PolicyHandle {
    const handle = new PolicyHandle(policies, {
      make: (each) => this.compile(each),
      generation: () => this.runtime.generation,
    });
    void handle.pipeline;
    return handle;
  }

  private compile(policies: NamedPolicyOptions): Pipeline {
    const { operation = NAMELESS } = policies;
    const { engine, environment } = this.runtime;
    this.runtime.addFeatures();
    const { steps } = new Compiler(engine, {
      operation,
      policies: sharedByOperation(policies, operation),
    }).compile();
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
