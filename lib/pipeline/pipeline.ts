import { CallWatch } from '../core/call-watch.js';
import type { Environment } from '../core/environment.js';
import { Scope } from '../core/scope.js';
import { whenSettled } from '../core/when-settled.js';
import type { RetryRule } from '../policies/retry/index.js';
import { CallRecord, type FirstAttempt } from './call-record.js';
import { enterCall } from './enter-call.js';
import type { Learned } from './fused-learning.js';
import { FusedPath } from './fused-path.js';
import type { Target } from './invoke.js';
import type { PromiseNext } from './promise-layers.js';
import { composePromise } from './run-promise.js';
import { isTelling, type Step } from './step.js';

/** What a pipeline is made of. */
export interface PipelineParts {
  /** `Class.method`, or the name given to `execute`. */
  readonly operation: string;
  /** The rules, outermost first. */
  readonly steps: readonly Step[];
  readonly target: Target;
  readonly environment: Environment;
  /** Whether the running call answers an incoming request that must not be repeated. */
  readonly isUnsafe?: (() => boolean) | undefined;
  /** Whether its calls are parts of calls of another pipeline, which tells of their ends. */
  readonly isPart?: boolean | undefined;
}

/** What a single call brings along. */
export interface CallOptions {
  /** Ends the call when it aborts: no execution begins any more, a delay ends at once. */
  readonly signal?: AbortSignal | undefined;
}

/** The rules around one method of one application, put together once. */
export class Pipeline {
  readonly operation: string;
  readonly steps: readonly Step[];
  readonly target: Target;
  readonly environment: Environment;
  /** Who is told of the ends of its calls. */
  readonly calls: CallWatch;
  private readonly isUnsafe: () => boolean;
  private readonly composed: PromiseNext;
  private readonly fused: FusedPath;
  /** Whether a claim stands around the method: no first attempt may be made before it. */
  private readonly isGuarded: boolean;
  /** Whether nothing else stands around the method. */
  private readonly isGuardAlone: boolean;
  /** The retry that tells of first attempts too, where there is one. */
  private readonly telling: RetryRule | undefined;
  private readonly isStepwise: boolean;

  constructor(parts: PipelineParts) {
    this.operation = parts.operation;
    this.steps = parts.steps;
    this.target = parts.target;
    this.environment = parts.environment;
    const { clock, events, calls } = parts.environment;
    // Where no policy stands around a method, nothing is told of it.
    const isTold = parts.isPart !== true && parts.steps.length > 0;
    this.calls = isTold ? calls : new CallWatch(clock, events);
    this.isUnsafe = parts.isUnsafe ?? (() => false);
    this.composed = composePromise(this.steps, this.target, this.environment);
    this.fused = new FusedPath(this);
    this.isGuarded = this.steps.some((step) => step.word === 'idempotent');
    this.isGuardAlone = this.isGuarded && this.steps.length === 1;
    this.telling = this.steps.find(isTelling)?.rule;
    this.isStepwise = this.isGuarded || this.telling !== undefined;
  }

  /** Who carries out calls that nothing limits from outside, where a first attempt may go ahead of the rest. */
  get shortcut(): FusedPath | undefined {
    return this.isStepwise ? undefined : this.fused;
  }

  /** Calls a method that gives a promise. Never throws: what goes wrong is a rejection. */
  call(self: unknown, args: readonly unknown[]): Promise<unknown> {
    if (this.environment.ambient.current !== undefined) return this.run(self, args);
    if (this.isGuardAlone) return this.runGuard(self, args);
    return this.isStepwise ? this.run(self, args) : this.fused.call(self, args);
  }

  /** Calls a method whose kind only its answer shows. */
  learn(self: unknown, args: readonly unknown[], isStream: (result: unknown) => boolean): Learned {
    const outer = this.environment.ambient.current;
    // Only step by step is a call refused because the time of the call around it is over.
    if (this.isGuarded || outer?.isCancelled === true || outer?.remainingMs === 0)
      return { kind: 'refused', promise: this.run(self, args) };
    this.telling?.firstBegins(new Scope(this.record(self, args), Number.POSITIVE_INFINITY, outer, 1));
    return this.fused.learn({ self, args, isStream, outer });
  }

  /** As {@link Pipeline.call}, step by step from the beginning. */
  run(self: unknown, args: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    const record = this.record(self, args, options);
    return this.calls.follow(record, this.through(record, options));
  }

  /** Carries on step by step where a first attempt was more than a plain success. */
  resume(
    self: unknown,
    args: readonly unknown[],
    startedMs: number,
    firstAttempt: FirstAttempt,
  ): Promise<unknown> {
    const record = this.begun(self, args, startedMs, firstAttempt);
    // A first call whose kind was unknown may stand inside a limited one; all others were not begun there.
    const outer = this.environment.ambient.current;
    const scope = new Scope(record, Number.POSITIVE_INFINITY, outer);
    const outcome = this.calls.follow(record, this.composed(scope, record));
    return outer === undefined ? outcome : whenSettled(outcome, () => scope.close());
  }

  /** What is known of a call that began at a time, and of what was done for its first attempt by now. */
  begun(self: unknown, args: readonly unknown[], startedMs: number, firstAttempt?: FirstAttempt): CallRecord {
    return new CallRecord({
      operation: this.operation,
      environment: this.environment,
      self,
      args,
      isUnsafe: this.isUnsafe(),
      startedMs,
      canBeAborted: false,
      firstAttempt,
    });
  }

  /** What is known of a call that begins now. */
  record(
    self: unknown,
    args: readonly unknown[],
    options: CallOptions = {},
    firstAttempt?: FirstAttempt,
  ): CallRecord {
    return new CallRecord({
      operation: this.operation,
      environment: this.environment,
      self,
      args,
      isUnsafe: this.isUnsafe(),
      startedMs: this.environment.clock.nowMs(),
      canBeAborted: options.signal !== undefined,
      firstAttempt,
    });
  }

  /** A claim has a scope of its own: where nothing stands around the call, nothing ends with the caller's. */
  private runGuard(self: unknown, args: readonly unknown[]): Promise<unknown> {
    const record = this.record(self, args);
    const scope = new Scope(record, Number.POSITIVE_INFINITY);
    return this.calls.follow(record, this.composed(scope, record));
  }

  /** Runs all layers in a scope that ends with the caller's signal and with the decorated call around it. */
  private async through(record: CallRecord, options: CallOptions): Promise<unknown> {
    const entered = enterCall(record, this.environment, options.signal);
    try {
      return await this.composed(entered.scope, record);
    } finally {
      entered.leave();
    }
  }
}
