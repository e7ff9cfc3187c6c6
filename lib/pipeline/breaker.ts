import type { CallContext } from '../core/call.js';
import { OptionCheck } from '../core/check.js';
import type { Environment } from '../core/environment.js';
import type { CircuitBreakerState } from '../core/events.js';
import { type Permit, Refusal } from '../core/rule.js';
import { Scope } from '../core/scope.js';
import type { CircuitBreakerGate, CircuitBreakerSnapshot } from '../policies/circuit-breaker/index.js';
import { CallRecord } from './call-record.js';
import { HeldPermit } from './held-permit.js';
import { FUNCTIONS } from './invoke.js';
import { type CallOptions, Pipeline } from './pipeline.js';

/** A single call that a breaker is asked about. */
export interface BreakerCallOptions extends CallOptions {
  /** What the option `key` is asked with. */
  readonly args?: readonly unknown[];
}

/** A permit that was taken by hand; whatever is said first counts, once. */
export interface BreakerPermit {
  /** The work succeeded, with this value. */
  succeeded(value?: unknown): void;
  /** The work failed; what that means is for the options to say. */
  failed(error: unknown): void;
  /** Gives it back without an outcome. */
  release(): void;
}

/** A circuit breaker of an application, shared by all that name it. */
export class Breaker {
  private ownPipeline: Pipeline | undefined;

  constructor(
    /** The rule behind it. */
    readonly gate: CircuitBreakerGate,
    /** The application it belongs to. */
    readonly environment: Environment,
  ) {}

  /** Its name in registry, errors, events and metrics. */
  get name(): string {
    return this.gate.name;
  }

  /** Made at the first call by hand: most breakers are only ever asked by the methods that name them. */
  private get pipeline(): Pipeline {
    const { gate, environment } = this;
    const steps = [{ word: 'circuitBreaker', rule: gate }] as const;
    return (this.ownPipeline ??= new Pipeline({
      operation: gate.name,
      steps,
      target: FUNCTIONS,
      environment,
    }));
  }

  /** Reading it changes nothing: an open breaker that nobody calls reads `open`. */
  get state(): CircuitBreakerState {
    return this.gate.state;
  }

  /** What it looks like now; changes nothing. */
  snapshot(): CircuitBreakerSnapshot {
    return this.gate.snapshot();
  }

  /** Refuses every call until another word by hand. */
  forceOpen(): void {
    this.gate.forceOpen();
  }

  /** Lets every call through and records nothing, until another word by hand. */
  disable(): void {
    this.gate.disable();
  }

  /** Closes it and forgets all outcomes. */
  reset(): void {
    this.gate.reset();
  }

  /**
   * Runs the function under this breaker, by the same rules as a decorated method.
   *
   * @throws {CircuitBreakerOpenError} where the breaker refuses: then the function is not called
   */
  async execute<T>(
    fn: (call: CallContext) => T | PromiseLike<T>,
    options: BreakerCallOptions = {},
  ): Promise<T> {
    new OptionCheck('execute', this.pipeline.operation).function('fn', fn);
    // The pipeline passes on what the function gives.
    return (await this.pipeline.run(fn, options.args ?? [], options)) as T;
  }

  /** A permit for work that `execute` cannot hold; `undefined` where the breaker refuses. */
  tryAcquire(...keyArguments: readonly unknown[]): BreakerPermit | undefined {
    const { gate, environment } = this;
    const record = new CallRecord({
      operation: gate.name,
      environment,
      self: undefined,
      args: keyArguments,
      isUnsafe: false,
      startedMs: environment.clock.nowMs(),
      canBeAborted: false,
    });
    const scope = new Scope(record, Number.POSITIVE_INFINITY);
    const admission = gate.admit(scope);
    if (admission instanceof Refusal) return undefined;
    // A breaker has no queue: what is not a refusal is a permit.
    const held = new HeldPermit(gate, admission as Permit, scope);
    return {
      succeeded: (value) => held.succeeded(value),
      failed: (error) => held.failed(error),
      release: () => held.cancelled(),
    };
  }
}
