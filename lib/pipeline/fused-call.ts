import type { Call } from '../core/call.js';
import { type Admission, type Permit, Refusal } from '../core/rule.js';
import { Scope } from '../core/scope.js';
import { CallRecord, type Invocation } from './call-record.js';
import type { FusedWay } from './fused-way.js';
import { apply, argumentsFor } from './invoke.js';
import { rejectedSoon } from './rejected-soon.js';

const NO_ARGUMENTS: readonly unknown[] = [];

/** Where calls that have ended wait for the next one. */
export interface SpareCalls {
  recycle(call: FusedCall): void;
}

/**
 * A first attempt on the fused path. One object serves call after call: its reactions are bound once, so that a
 * call costs neither closures nor objects. It is free again when its one reaction has run.
 */
export class FusedCall implements Call {
  args: readonly unknown[] = NO_ARGUMENTS;
  startedMs = 0;
  /** The next of the calls that are free; the fused path's own. */
  nextSpare: FusedCall | undefined;
  protected self: unknown;
  protected scope: Scope | undefined;
  /** Whether nothing is to come any more, once the call has ended, that belongs to it. */
  protected isReusable = true;
  private readonly permits: Permit[] = [];
  private readonly onValue = (value: unknown): unknown => this.settled(value);
  private readonly onError = (error: unknown): unknown => this.failed(error);

  constructor(
    protected readonly way: FusedWay,
    private readonly spares: SpareCalls,
  ) {}

  get operation(): string {
    return this.way.pipeline.operation;
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
    return this.way.limit?.timeoutMs;
  }

  get signal(): AbortSignal {
    return new AbortController().signal;
  }

  /** The whole first attempt; never throws. */
  start(self: unknown, args: readonly unknown[]): Promise<unknown> {
    return this.enterGates(self, args) ?? this.follow(this.work());
  }

  /** Asks all gates; answers with what becomes of the call where one does not let it pass at once. */
  enterGates(self: unknown, args: readonly unknown[]): Promise<unknown> | undefined {
    const { gates, calls } = this.way;
    this.self = self;
    this.args = args;
    this.startedMs = calls.beginsMs();
    for (let index = 0; index < gates.length; index += 1) {
      const admission = gates[index]?.admit(this) ?? 0;
      if (typeof admission !== 'number') return this.stopped(index, admission);
      this.permits[index] = admission;
    }
    return undefined;
  }

  /** What the method is given to know of its call, and what its own decorated calls end with. */
  makeScope(outer?: Scope): Scope {
    const { pipeline } = this.way;
    const record = new CallRecord({
      operation: pipeline.operation,
      environment: pipeline.environment,
      self: this.self,
      args: this.args,
      isUnsafe: false,
      startedMs: this.startedMs,
      canBeAborted: false,
    });
    return (this.scope = new Scope(record, this.deadlineMs(), outer, 1));
  }

  /** Calls the method. What it throws is thrown. */
  callMethod(): unknown {
    const { target } = this.way;
    if (target.contextIndex === undefined) return apply(target.method, this.self, this.args);
    const args = argumentsFor(this.args, target.contextIndex, this.scope ?? this.makeScope());
    return Reflect.apply(target.method, this.self, args);
  }

  /** The rest of the attempt, from the method's promise on. */
  follow(work: Promise<unknown>): Promise<unknown> {
    return work.then(this.onValue, this.onError);
  }

  /** The method has failed: what that means is for the plain composition to say. */
  failed(error: unknown): unknown {
    this.scope?.close();
    return this.handOverWork(error, true);
  }

  /** Gives all permits back as if they had never been taken, and ends here. */
  withdraw(): void {
    for (const [index, gate] of this.way.gates.entries()) {
      const permit = this.permits[index] ?? 0;
      if (gate.withdrawn === undefined) gate.cancelled(permit);
      else gate.withdrawn(permit, this);
    }
    this.release();
  }

  protected deadlineMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  protected settled(value: unknown): unknown {
    const { gates, retry, fallback, judgesValues, calls } = this.way;
    this.scope?.close();
    if (judgesValues) return this.handOverWork(value, false);
    for (let index = gates.length - 1; index >= 0; index -= 1) {
      gates[index]?.succeeded(this.permits[index] ?? 0, value, this);
    }
    retry?.succeededAtOnce();
    fallback?.remember(this.args, value);
    calls.succeeded(this);
    this.release();
    return value;
  }

  protected handOverWork(result: unknown, hasFailed: boolean): Promise<unknown> {
    return this.handOver(this.way.gates.length, undefined, { result, hasFailed, scope: this.scope });
  }

  /** Lets go of all that belongs to this call, so that another may use the object. */
  protected release(): void {
    this.self = undefined;
    this.args = NO_ARGUMENTS;
    this.scope = undefined;
    if (this.isReusable) this.spares.recycle(this);
  }

  /** Calls the method; what it throws is a rejection. */
  private work(): Promise<unknown> {
    try {
      const result = this.callMethod();
      return result instanceof Promise ? result : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** A refusal that nothing can change is the caller's at once; everything else is said step by step. */
  private stopped(index: number, admission: Admission): Promise<unknown> {
    if (index > 0 || !this.way.isFirstGateFinal || !(admission instanceof Refusal)) {
      return this.handOver(index, admission);
    }
    this.way.calls.failed(this, admission.error);
    this.release();
    return rejectedSoon(admission.error);
  }

  /** Gives what was done so far to the plain composition, which does everything else. */
  private handOver(asked: number, last?: Admission, invocation?: Invocation): Promise<unknown> {
    const { way, self, args } = this;
    const startedMs = invocation === undefined ? way.clock.nowMs() : this.startedMs;
    const admissions = way.admissionsByStep(this.permits, asked, last);
    this.release();
    const firstAttempt = invocation === undefined ? { admissions } : { admissions, invocation };
    return way.pipeline.resume(self, args, startedMs, firstAttempt);
  }
}
