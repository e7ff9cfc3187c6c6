import type { CallContext } from '../core/call.js';
import { type Clock, SystemClock } from '../core/clock.js';
import { ApplicationLifetime, createEnvironment } from '../core/environment.js';
import { EventHub } from '../core/event-hub.js';
import { Compiler } from './compile.js';
import { Engine } from './engine.js';
import { FUNCTIONS } from './invoke.js';
import { type CallOptions, Pipeline } from './pipeline.js';
import type { EngineOptions, PolicyOptions } from './policy-options.js';

/** What policies share that stand outside of Nest. */
export interface PoliciesOptions extends EngineOptions {
  /**
   * The source of time, chance and timers.
   *
   * @defaultValue the clock of the machine
   */
  readonly clock?: Clock;
}

/** Policies without Nest: one of these is what an application is to decorated methods. */
export class Policies {
  /** What happens, as it happens. */
  readonly events: EventHub;
  /** Everything shared by name. */
  readonly engine: Engine;
  private readonly lifetime = new ApplicationLifetime();

  constructor(options: PoliciesOptions) {
    const { clock = new SystemClock(), ...rest } = options;
    this.events = new EventHub(clock);
    this.engine = new Engine(rest, createEnvironment(clock, this.events, this.lifetime));
  }

  /**
   * A function that runs others under the policies.
   *
   * @throws {InvalidOptionsError} where an option cannot be meant
   */
  guard(
    operation: string,
    policies: PolicyOptions,
  ): <T>(fn: (call: CallContext) => T | PromiseLike<T>, options?: CallOptions) => Promise<T> {
    const { steps } = new Compiler(this.engine, { operation, policies }).compile();
    const { environment } = this.engine;
    const pipeline = new Pipeline({ operation, steps, environment, target: FUNCTIONS });
    return <T>(fn: (call: CallContext) => T | PromiseLike<T>, options?: CallOptions) => {
      const result = options === undefined ? pipeline.call(fn, []) : pipeline.run(fn, [], options);
      // The pipeline passes on what the function gives.
      return result as Promise<T>;
    };
  }

  /** Ends all delays that are waited for: their calls get the error they had; no retry starts any more. */
  close(): void {
    this.lifetime.close();
  }
}

/** Policies outside of Nest, sharing nothing with any application. */
export function createPolicies(options: PoliciesOptions = {}): Policies {
  return new Policies(options);
}
