import type { Call } from '../core/call.js';
import type { Environment } from '../core/environment.js';
import type { Lane, LaneEntry } from '../core/lane.js';
import type { Admission, Gate, Permit } from '../core/rule.js';
import { Scope } from '../core/scope.js';
import type { FallbackRule } from '../policies/fallback/index.js';
import type { RetryRule } from '../policies/retry/index.js';
import type { TimeLimit } from '../policies/time-limiter/index.js';
import { CallRecord, type FirstAttempt, type Invocation } from './call-record.js';
import { argumentsFor, type Target, within } from './invoke.js';
import type { Step } from './step.js';

/** What a time limit leaves in the place of the method's outcome. */
const TIME_IS_UP = Symbol('time is up');
const NO_ARGUMENTS: readonly unknown[] = [];

/** What the first call of a method has shown. */
export type Learned =
  | { readonly kind: 'refused'; readonly promise: Promise<unknown> }
  | { readonly kind: 'value'; readonly promise: Promise<unknown>; readonly result: unknown }
  | { readonly kind: 'stream'; readonly result: unknown; readonly scope: Scope };

/** What a fused call needs of the pipeline it belongs to. */
export interface FusedPipeline {
  readonly operation: string;
  readonly target: Target;
  readonly environment: Environment;
  readonly steps: readonly Step[];
  resume(
    self: unknown,
    args: readonly unknown[],
    startedMs: number,
    firstAttempt: FirstAttempt,
  ): Promise<unknown>;
}

/** A gate and the index of its step. */
export interface FusedGate {
  readonly gate: Gate;
  readonly step: number;
}

/** The way that fused calls take: what of a pipeline they touch, compiled once. */
export interface FusedWay {
  readonly pipeline: FusedPipeline;
  readonly gates: readonly FusedGate[];
  readonly retry: RetryRule | undefined;
  readonly fallback: FallbackRule | undefined;
  readonly limit: TimeLimit | undefined;
  readonly lane: Lane | undefined;
  readonly judgesValues: boolean;
  admissionsByStep(permits: readonly Permit[], asked: number, last?: Admission): (Admission | undefined)[];
  recycle(call: FusedCall): void;
}

type Resolve = (value: unknown) => void;

/**
 * A first attempt on the fused path. One object serves call after call: its reactions are bound once, so that a
 * call costs neither closures nor objects. It is free again when its one reaction has run.
 */
export class FusedCall implements Call, LaneEntry {
  args: readonly unknown[] = NO_ARGUMENTS;
  laneDueMs = 0;
  lanePrevious: LaneEntry | undefined;
  laneNext: LaneEntry | undefined;
  private self: unknown;
  private startedMs = 0;
  private result: unknown;
  private scope: Scope | undefined;
  private resolve: Resolve | undefined;
  private reject: Resolve | undefined;
  private readonly permits: Permit[] = [];
  private readonly capture = (resolve: Resolve, reject: Resolve): void => {
    this.resolve = resolve;
    this.reject = reject;
  };
  private readonly onValue = (value: unknown): unknown => this.settled(value);
  private readonly onError = (error: unknown): unknown => this.failed(error);

  constructor(private readonly path: FusedWay) {}

  get operation(): string {
    return this.path.pipeline.operation;
  }

  get attempt(): number {
    return 1;
  }

  get isCancelled(): boolean {
    return false;
  }

  get isUnsafe(): boolean {
    return false;
  }

  get elapsedMs(): number {
    return 0;
  }

  get remainingMs(): number | undefined {
    return this.path.limit?.timeoutMs;
  }

  get signal(): AbortSignal {
    return new AbortController().signal;
  }

  /** The whole first attempt; never throws. */
  start(self: unknown, args: readonly unknown[]): Promise<unknown> {
    const refused = this.enterGates(self, args);
    if (refused !== undefined) return refused;
    if (this.path.lane !== undefined) return this.startLimited();
    return this.invoke().then(this.onValue, this.onError);
  }

  /**
   * The same for a method of which nobody knows what it gives. A stream has not begun: what was taken for it is
   * given back unrecorded, and it is handed out as it is.
   */
  learn(self: unknown, args: readonly unknown[], isStream: (result: unknown) => boolean): Learned {
    const refused = this.enterGates(self, args);
    if (refused !== undefined) return { kind: 'refused', promise: refused };
    const scope = (this.scope = this.makeScope());
    let result: unknown;
    try {
      result = this.callMethod();
    } catch (error) {
      return { kind: 'refused', promise: Promise.resolve(this.failed(error)) };
    }
    if (!isStream(result)) return { kind: 'value', promise: this.finish(result), result };
    this.giveBack();
    this.release();
    return { kind: 'stream', result, scope };
  }

  timeUp(): void {
    this.resolve?.(TIME_IS_UP);
  }

  /** Asks all gates; answers with what becomes of the call where one does not let it pass at once. */
  private enterGates(self: unknown, args: readonly unknown[]): Promise<unknown> | undefined {
    const { gates, pipeline } = this.path;
    this.self = self;
    this.args = args;
    this.startedMs = pipeline.environment.clock.coarseMs();
    for (let index = 0; index < gates.length; index += 1) {
      const admission = gates[index]?.gate.admit(this) ?? 0;
      if (typeof admission !== 'number') return this.handOver(index, admission);
      this.permits[index] = admission;
    }
    return undefined;
  }

  private giveBack(): void {
    for (const [index, { gate }] of this.path.gates.entries()) gate.cancelled(this.permits[index] ?? 0);
  }

  /** A result that is there already, on its way through the rest of the attempt. */
  private finish(result: unknown): Promise<unknown> {
    this.result = result;
    const promise = result instanceof Promise ? result : Promise.resolve(result);
    return this.path.lane === undefined
      ? promise.then(this.onValue, this.onError)
      : this.raceAgainstLimit(promise);
  }

  /** The reaction runs in the caller's async context, whoever ends the race between the method and its limit. */
  private startLimited(): Promise<unknown> {
    this.enterLane();
    return this.race(this.invoke());
  }

  private raceAgainstLimit(work: Promise<unknown>): Promise<unknown> {
    this.enterLane();
    return this.race(work);
  }

  private enterLane(): void {
    const { lane, limit } = this.path;
    lane?.enter(this);
    this.startedMs = this.laneDueMs - (limit?.timeoutMs ?? 0);
  }

  private race(work: Promise<unknown>): Promise<unknown> {
    const race = new Promise<unknown>(this.capture);
    work.then(this.resolve, this.reject);
    return race.then(this.onValue, this.onError);
  }

  /** Calls the method; what it throws is a rejection. */
  private invoke(): Promise<unknown> {
    try {
      const result = this.callMethod();
      this.result = result;
      return result instanceof Promise ? result : Promise.resolve(result);
    } catch (error) {
      this.result = undefined;
      return Promise.reject(error);
    }
  }

  private callMethod(): unknown {
    const { target, environment } = this.path.pipeline;
    const { lane } = this.path;
    if (lane === undefined && target.contextIndex === undefined) {
      return Reflect.apply(target.method, this.self, this.args);
    }
    const scope = (this.scope ??= this.makeScope());
    const args = argumentsFor(this.args, target.contextIndex, scope);
    return within(environment, scope, () => Reflect.apply(target.method, this.self, args));
  }

  private makeScope(): Scope {
    const { pipeline, lane } = this.path;
    const record = new CallRecord({
      operation: pipeline.operation,
      environment: pipeline.environment,
      self: this.self,
      args: this.args,
      isUnsafe: false,
      startedMs: this.startedMs,
      canBeAborted: false,
    });
    return new Scope(record, lane === undefined ? Number.POSITIVE_INFINITY : this.laneDueMs, undefined, 1);
  }

  private settled(value: unknown): unknown {
    const { path } = this;
    if (value === TIME_IS_UP) return this.handOverInvocation(this.result, false);
    path.lane?.leave(this);
    if (path.judgesValues) return this.handOverInvocation(value, false);
    for (let index = path.gates.length - 1; index >= 0; index -= 1) {
      path.gates[index]?.gate.succeeded(this.permits[index] ?? 0, value, this);
    }
    path.retry?.succeededAtOnce();
    path.fallback?.remember(this.args, value);
    this.release();
    return value;
  }

  private failed(error: unknown): unknown {
    this.path.lane?.leave(this);
    return this.handOverInvocation(Promise.reject(error), true);
  }

  private handOverInvocation(result: unknown, hasFailed: boolean): Promise<unknown> {
    return this.handOver(this.path.gates.length, undefined, { result, hasFailed, scope: this.scope });
  }

  /** Gives what was done so far to the plain composition, which does everything else. */
  private handOver(asked: number, last?: Admission, invocation?: Invocation): Promise<unknown> {
    const { path, self, args } = this;
    const startedMs = invocation === undefined ? path.pipeline.environment.clock.nowMs() : this.startedMs;
    const admissions = path.admissionsByStep(this.permits, asked, last);
    this.release();
    const firstAttempt = invocation === undefined ? { admissions } : { admissions, invocation };
    return path.pipeline.resume(self, args, startedMs, firstAttempt);
  }

  private release(): void {
    this.self = undefined;
    this.args = NO_ARGUMENTS;
    this.result = undefined;
    this.scope = undefined;
    this.resolve = undefined;
    this.reject = undefined;
    this.path.recycle(this);
  }
}
