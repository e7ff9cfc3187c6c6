import { from, type ObservableInput, type Observer, type Subscriber, Subscription } from 'rxjs';
import { type Admission, type Gate, type Permit, Refusal } from '../core/rule.js';
import { Scope } from '../core/scope.js';
import { apply, argumentsFor, type CallRecord, type FusedWay, type Invocation } from '../pipeline/index.js';
import { callersError, type RetryRule } from '../policies/retry/index.js';
import { abortError, runInScope, type StreamNext } from './stream-layers.js';

/**
 * The first attempt of a stream with one observer between the source and the subscriber, where the plain composition
 * has one for each thing that a rule wants to know. What is not a plain success before the first value is handed
 * over to the plain composition, together with what was done so far.
 *
 * It is a `Subscription`, so that RxJS takes it for the source's subscriber as it is: an endless source that emits
 * while it is subscribed sees `closed` at once when the subscriber has enough.
 */
export class FusedStream extends Subscription implements Observer<unknown> {
  private state: 'silent' | 'delivering' | 'ended' = 'silent';
  private firstValue: unknown;
  /** Whether the source is being subscribed; what it does meanwhile can be ended only when that is done. */
  private isSubscribing = true;
  /** What the subscriber has left, if it has: a source that was silent, or one that had delivered. */
  private left: 'silent' | 'delivering' | undefined;
  private readonly permits: Permit[] = [];
  private readonly scope: Scope;

  /** `layers` carry on where the first attempt is more than a plain success. */
  constructor(
    private readonly way: FusedWay,
    private readonly record: CallRecord,
    private readonly subscriber: Subscriber<unknown>,
    private readonly layers: StreamNext,
  ) {
    super();
    this.scope = new Scope(record, Number.POSITIVE_INFINITY, undefined, 1);
  }

  /** Asks all gates, and subscribes to what the method gives. */
  start(): void {
    const { way, subscriber } = this;
    const { gates } = way;
    for (let index = 0; index < gates.length; index += 1) {
      const admission = gates[index]?.admit(this.scope) ?? 0;
      if (typeof admission !== 'number') return this.stopped(index, admission);
      this.permits[index] = admission;
    }
    subscriber.add(this);
    try {
      from(this.callMethod()).subscribe(this);
    } catch (error) {
      this.error(error);
    }
    this.isSubscribing = false;
    if (this.left !== undefined) this.leave(this.left);
    return undefined;
  }

  next(value: unknown): void {
    if (this.state === 'ended') return;
    if (this.state === 'silent') {
      this.state = 'delivering';
      this.firstValue = value;
    }
    this.subscriber.next(value);
  }

  error(error: unknown): void {
    if (this.state === 'ended') return;
    const isLate = this.state === 'delivering';
    this.state = 'ended';
    this.scope.close();
    if (isLate) this.failedLate(error);
    else this.carryOn(this.permits.length, undefined, { result: error, hasFailed: true, scope: this.scope });
    this.unsubscribe();
  }

  complete(): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.scope.close();
    this.tellSuccess();
    this.subscriber.complete();
    this.unsubscribe();
  }

  /** Lets go of the source first: whoever gets the place of this stream must not meet it. */
  override unsubscribe(): void {
    if (this.closed) return;
    const { state } = this;
    this.state = 'ended';
    if (state !== 'ended') this.left = state;
    try {
      super.unsubscribe();
    } finally {
      if (this.left !== undefined && !this.isSubscribing) this.leave(this.left);
    }
  }

  private callMethod(): ObservableInput<unknown> {
    const { way, record } = this;
    const { self, args } = record;
    const { method, contextIndex } = way.target;
    const given = contextIndex === undefined ? args : argumentsFor(args, contextIndex, this.scope);
    // That it gives a stream is what has brought the call here; `from` says what is wrong with anything else.
    return apply(method, self, given) as ObservableInput<unknown>;
  }

  private tellSuccess(): void {
    const { gates, retry } = this.way;
    for (let index = gates.length - 1; index >= 0; index -= 1) {
      gates[index]?.succeeded(this.permits[index] ?? 0, this.firstValue, this.scope);
    }
    retry?.succeededAtOnce();
    this.way.calls.succeeded(this.record);
  }

  /** Values are never sent twice, so nothing follows; all rules hear of it. */
  private failedLate(error: unknown): void {
    const { scope } = this;
    this.outwards(
      (gate, permit) => gate.failed(permit, error, scope),
      (retry) => void retry.begin(scope).decideLateError(error, scope),
    );
    const outcome = callersError(error);
    this.way.calls.failed(this.record, outcome);
    this.subscriber.error(outcome);
  }

  /** The subscriber has left: before a value it counts for nothing, after one for a success. */
  private leave(left: 'silent' | 'delivering'): void {
    const { scope, firstValue } = this;
    const isSuccess = left === 'delivering';
    this.outwards(
      (gate, permit) => (isSuccess ? gate.succeeded(permit, firstValue, scope) : gate.cancelled(permit)),
      (retry) => {
        if (isSuccess) retry.succeededAtOnce();
        this.abort();
      },
    );
    this.abort();
    if (isSuccess) this.way.calls.succeeded(this.record);
    scope.close();
  }

  /** Without the context in its hands the method cannot have read the signal, and aborting costs microseconds. */
  private abort(): void {
    const { target } = this.way;
    if (target.contextIndex !== undefined) this.scope.cancellation.cancel(abortError(), 'caller');
  }

  /** Goes through the rules, innermost first, in the order of the plain composition. */
  private outwards(toGate: (gate: Gate, permit: Permit) => void, toRetry: (rule: RetryRule) => void): void {
    const { way } = this;
    const { steps } = way.pipeline;
    const permits = way.admissionsByStep(this.permits, this.permits.length);
    for (let index = steps.length - 1; index >= 0; index -= 1) {
      const step = steps[index];
      const permit = permits[index];
      if (step?.word === 'retry') toRetry(step.rule);
      // Only gates have given permits, and others than numbers were handed over.
      else if (typeof permit === 'number') toGate(step?.rule as Gate, permit);
    }
  }

  /** A refusal that nothing can change is the subscriber's at once; everything else is said step by step. */
  private stopped(index: number, admission: Admission): void {
    const { way, subscriber, record } = this;
    const isFinal = index === 0 && way.isFirstGateFinal && admission instanceof Refusal;
    if (!isFinal) return this.carryOn(index, admission);
    way.calls.failed(record, admission.error);
    return subscriber.error(admission.error);
  }

  /** No call around this one binds it: whoever makes the source fail may stand in a call of somebody else's. */
  private carryOn(asked: number, last?: Admission, invocation?: Invocation): void {
    const { way, record, subscriber, layers } = this;
    const admissions = way.admissionsByStep(this.permits, asked, last);
    record.carryOn(invocation === undefined ? { admissions } : { admissions, invocation });
    const scope = new Scope(record, Number.POSITIVE_INFINITY);
    runInScope(scope, subscriber, layers(scope, record));
  }
}
