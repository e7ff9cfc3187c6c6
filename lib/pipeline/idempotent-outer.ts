import { AsyncContext } from '../core/async-context.js';
import type { Scope } from '../core/scope.js';
import { whenSettled } from '../core/when-settled.js';
import { IdempotencyInFlightError } from '../policies/idempotency/index.js';
import type { CallRecord } from './call-record.js';
import type { Settled } from './idempotent-call.js';
import type { LiveClaim } from './idempotent-claim.js';
import { executeUnder } from './idempotent-execution.js';
import type { IdempotentRunner } from './idempotent-runner.js';
import { Deferred } from './idempotent-waiting.js';
import type { PromiseNext } from './promise-layers.js';

/** What was decided for a call further out than at its method, as for a request before its pipes. */
export interface OuterCall {
  /** In the place of the guard at the method. */
  atMethod(caller: Scope, record: CallRecord, next: PromiseNext): Promise<unknown>;
}

/** No claim stands around the call: it has no key, or the store is down. */
export const UNGUARDED: OuterCall = { atMethod: (caller, record, next) => next(caller, record) };

/** The method's place is taken by what it gave before. */
export class RepeatedOutcome implements OuterCall {
  constructor(private readonly give: () => Promise<unknown>) {}

  atMethod(): Promise<unknown> {
    return this.give();
  }
}

type AlreadyDone = (...args: readonly unknown[]) => unknown;

/** What a claimed call is made of. */
export interface ClaimedParts {
  readonly operation: string;
  readonly storedKey: string;
  readonly runner: IdempotentRunner;
  readonly live: LiveClaim;
  /** Hears of each end of the method's work, before whoever called it does. */
  readonly ended: () => void;
  /** Asked once where the claim is recovered. */
  readonly alreadyDone: AlreadyDone | undefined;
  /** What a value comes to that is work to be done yet; `undefined` for one that is not. */
  readonly wholeOf: (value: unknown) => Promise<unknown> | undefined;
}

/** A call whose claim was made further out: the method runs under it, and what it comes to is told. */
export class ClaimedCall implements OuterCall {
  private work = new Deferred<Settled>();
  private look: Promise<unknown> | undefined;

  constructor(private readonly parts: ClaimedParts) {}

  /** What the method, and all that stands between it and the claim, comes to; where it is called again, then. */
  get inner(): Deferred<Settled> {
    return this.work;
  }

  /** Whether the method's own body was called. */
  get isEntered(): boolean {
    return this.parts.live.isEntered;
  }

  /** The method's own call of itself would wait for itself. @throws {IdempotencyInFlightError} `reentrant` */
  atMethod(caller: Scope, record: CallRecord, next: PromiseNext): Promise<unknown> {
    const { runner, storedKey, operation } = this.parts;
    if (runner.isInside(storedKey)) {
      return Promise.reject(new IdempotencyInFlightError({ operation, reentrant: true }));
    }
    if (this.work.settled !== undefined) this.work = new Deferred();
    const { result, settled } = runner.inside(storedKey, () => this.execute(record, next));
    const outcome = this.ended(result, settled);
    return caller.isLimited ? untilLeft(outcome, caller) : outcome;
  }

  private ended(result: Promise<unknown>, settled: () => void): Promise<unknown> {
    return result.then(
      (value) => {
        const whole = this.parts.wholeOf(value);
        if (whole !== undefined) return this.ended(whole, settled);
        this.end({ kind: 'value', value });
        settled();
        return value;
      },
      (error: unknown) => {
        this.end({ kind: 'error', error });
        settled();
        throw error;
      },
    );
  }

  private execute(record: CallRecord, next: PromiseNext): Promise<unknown> {
    const { live, alreadyDone } = this.parts;
    if (live.claim.recovered && alreadyDone !== undefined) return this.lookFirst(alreadyDone, record, next);
    try {
      return executeUnder(live, record, next);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private async lookFirst(alreadyDone: AlreadyDone, record: CallRecord, next: PromiseNext): Promise<unknown> {
    const found = await this.lookUp(alreadyDone, record);
    return found === undefined ? executeUnder(this.parts.live, record, next) : found;
  }

  private end(settled: Settled): void {
    this.work.resolve(settled);
    this.parts.ended();
  }

  private async lookUp(alreadyDone: AlreadyDone, record: CallRecord): Promise<unknown> {
    this.look ??= Promise.resolve(Reflect.apply(alreadyDone, record.self, record.args));
    const value = await this.look;
    if (value !== undefined) this.parts.live.answerByLook(value);
    return value;
  }
}

/** Whoever leaves is let go; the work goes on. */
function untilLeft(work: Promise<unknown>, caller: Scope): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stop = caller.cancellation.onCancel(reject);
    whenSettled(work, stop).then(resolve, reject);
  });
}

/** What code that runs for a request may know of it. */
export interface Surroundings {
  /** Tells methods apart. */
  readonly identity: object;
  readonly request: unknown;
  readonly executionContext: unknown;
  readonly outer: OuterCall | undefined;
}

/** The requests that guarded handlers answer right now. Costs nothing until the first of them. */
export class OuterCalls {
  private readonly requests = new AsyncContext<Surroundings>({ isOver: () => false, hides: true });

  /** Runs what answers a request. */
  run<T>(surroundings: Surroundings, fn: () => T): T {
    return this.requests.run(surroundings, fn);
  }

  /** The request that a method answers; `undefined` where it is called by other code. */
  of(identity: object): Surroundings | undefined {
    const found = this.requests.innermost;
    return found?.identity === identity ? found : undefined;
  }

  /** Whether the running code was started by the handler of this request. */
  isInside(outer: OuterCall): boolean {
    return this.requests.innermost?.outer === outer;
  }
}
