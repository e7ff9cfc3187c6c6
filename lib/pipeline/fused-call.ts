import { type Admission, type Gate, GrantedPermit, type Permit, Refusal } from '../core/rule.js';
import type { Invocation } from './call-record.js';
import { FusedFacts } from './fused-facts.js';
import type { FusedWay } from './fused-way.js';
import { apply, argumentsFor } from './invoke.js';
import { rejectedSoon } from './rejected-soon.js';

/** Where calls that have ended wait for the next one. */
export interface SpareCalls {
  recycle(call: FusedCall): void;
}

/**
 * A first attempt on the fused path. One object serves call after call: its reactions are bound once, so that a
 * call costs neither closures nor objects. It is free again when its one reaction has run.
 */
export class FusedCall extends FusedFacts {
  /** The next of the calls that are free; the fused path's own. */
  nextSpare: FusedCall | undefined;
  /** Whether nothing is to come any more, once the call has ended, that belongs to it. */
  protected isReusable = true;
  // The first in a field of its own: writing into an array costs a tenth of a bare call.
  private firstPermit: Permit = 0;
  private readonly furtherPermits: Permit[];
  private readonly onValue = (value: unknown): unknown => this.settled(value);
  private readonly onError = (error: unknown): unknown => this.failed(error);

  constructor(
    way: FusedWay,
    private readonly spares: SpareCalls,
  ) {
    super(way);
    this.furtherPermits = way.furtherGates.map(() => 0);
  }

  /** The whole first attempt; never throws. Laid out flat: each call less on the way is measured in the bench. */
  start(self: unknown, args: readonly unknown[]): Promise<unknown> {
    const { target, starts, firstGate } = this.way;
    this.self = self;
    this.given = args;
    this.startedMs = starts.beginsMs();
    if (firstGate !== undefined) {
      const stopped = this.enterAll(firstGate, false);
      if (stopped !== undefined) return stopped;
    }
    let work: unknown;
    try {
      work = target.contextIndex === undefined ? apply(target.method, self, args) : this.callMethod();
    } catch (error) {
      // What the method throws is a rejection.
      work = Promise.reject(error);
    }
    return (work instanceof Promise ? work : Promise.resolve(work)).then(this.onValue, this.onError);
  }

  /**
   * Asks all gates; answers with what becomes of the call where one does not let it pass at once. One that learns what
   * its method gives passes with permits of any form; others are followed step by step where a permit has a state.
   */
  enterGates(self: unknown, args: readonly unknown[], learns = false): Promise<unknown> | undefined {
    const { starts, firstGate } = this.way;
    this.self = self;
    this.given = args;
    this.startedMs = starts.beginsMs();
    return firstGate && this.enterAll(firstGate, learns);
  }

  /** Calls the method. What it throws is thrown. */
  callMethod(): unknown {
    const { target } = this.way;
    if (target.contextIndex === undefined) return apply(target.method, this.self, this.args);
    const args = argumentsFor(this.args, target.contextIndex, this.scope ?? this.makeScope());
    return Reflect.apply(target.method, this.self, args);
  }

  /** The same as {@link FusedCall.start} where calling and following are more than that. */
  protected startStepwise(self: unknown, args: readonly unknown[]): Promise<unknown> {
    return this.enterGates(self, args) ?? this.follow(this.work());
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
    const permits = this.permits();
    for (const [index, gate] of this.way.gates.entries()) {
      const permit = permits[index] ?? 0;
      if (gate.withdrawn === undefined) gate.cancelled(permit);
      else gate.withdrawn(permit, this);
    }
    this.release();
  }

  protected settled(value: unknown): unknown {
    const { way, scope } = this;
    if (scope !== undefined) scope.close();
    if (way.judgesValues) return this.handOverWork(value, false);
    if (way.furtherGates.length > 0) this.tellFurther(way.furtherGates, value);
    if (way.firstGate !== undefined) way.firstGate.succeeded(this.firstPermit, value, this);
    if (way.retry !== undefined) way.retry.succeededAtOnce();
    if (way.fallback !== undefined) way.fallback.remember(this.args, value);
    if (way.calls.isWatched) way.calls.succeeded(this);
    this.release();
    return value;
  }

  protected handOverWork(result: unknown, hasFailed: boolean): Promise<unknown> {
    return this.handOver(this.way.gates.length, undefined, { result, hasFailed, scope: this.scope });
  }

  /** Lets go of all that belongs to this call, so that another may use the object. */
  protected release(): void {
    this.self = undefined;
    this.given = undefined;
    if (this.scope !== undefined) this.scope = undefined;
    if (this.isReusable) this.spares.recycle(this);
  }

  private enterAll(firstGate: Gate, learns: boolean): Promise<unknown> | undefined {
    const admission = firstGate.admit(this);
    if (typeof admission !== 'number' && !(learns && isGranted(admission))) return this.stopped(0, admission);
    this.firstPermit = admission;
    const { furtherGates: gates } = this.way;
    for (let index = 0; index < gates.length; index += 1) {
      const admission = gates[index]?.admit(this) ?? 0;
      if (typeof admission !== 'number' && !(learns && isGranted(admission)))
        return this.stopped(index + 1, admission);
      this.furtherPermits[index] = admission;
    }
    return undefined;
  }

  /** Innermost first, as the plain composition does. */
  private tellFurther(gates: readonly Gate[], value: unknown): void {
    for (let index = gates.length - 1; index >= 0; index -= 1) {
      gates[index]?.succeeded(this.furtherPermits[index] ?? 0, value, this);
    }
  }

  /** By the index of their gates. */
  private permits(): readonly Permit[] {
    return [this.firstPermit, ...this.furtherPermits];
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
    const admissions = way.admissionsByStep(this.permits(), asked, last);
    this.release();
    const firstAttempt = invocation === undefined ? { admissions } : { admissions, invocation };
    return way.pipeline.resume(self, args, startedMs, firstAttempt);
  }
}

function isGranted(admission: Admission): admission is GrantedPermit {
  return admission instanceof GrantedPermit;
}
