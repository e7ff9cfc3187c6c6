import { from, type ObservableInput, type Observer, type Subscriber, Subscription } from 'rxjs';
import { type Admission, type Gate, type Permit, Refusal } from '../core/rule.js';
import { Scope } from '../core/scope.js';
import {
  argumentsFor,
  type CallRecord,
  FusedWay,
  type Invocation,
  type Pipeline,
  type StepWord,
} from '../pipeline/index.js';
import { abortError, runInScope, type StreamNext } from './stream-layers.js';

const FUSIBLE: ReadonlySet<StepWord> = new Set<StepWord>([
  'fallback',
  'retry',
  'circuitBreaker',
  'rateLimiter',
  'bulkhead',
]);

/** What a pipeline's fused streams touch; `undefined` where only the plain composition can do what it asks for. */
export function fusedWayOf(pipeline: Pipeline): FusedWay | undefined {
  if (!pipeline.steps.every(({ word }) => FUSIBLE.has(word))) return undefined;
  const way = new FusedWay(pipeline);
  return way.judgesValues || way.fallback !== undefined ? undefined : way;
}

/** One subscription, and what carries on where its first attempt is more than a plain success. */
export interface FusedStreamParts {
  readonly way: FusedWay;
  readonly record: CallRecord;
  readonly subscriber: Subscriber<unknown>;
  readonly layers: StreamNext;
}

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
  private readonly permits: Permit[] = [];
  private readonly scope: Scope;

  constructor(private readonly parts: FusedStreamParts) {
    super();
    this.scope = new Scope(parts.record, Number.POSITIVE_INFINITY, undefined, 1);
  }

  /** Asks all gates, and subscribes to what the method gives. */
  start(): void {
    const { way, subscriber } = this.parts;
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
    return undefined;
  }

  next(value: unknown): void {
    if (this.state === 'ended') return;
    if (this.state === 'silent') {
      this.state = 'delivering';
      this.firstValue = value;
    }
    this.parts.subscriber.next(value);
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
    this.parts.subscriber.complete();
    this.unsubscribe();
  }

  /** Lets go of the source first: whoever gets the place of this stream must not meet it. */
  override unsubscribe(): void {
    if (this.closed) return;
    const { state } = this;
    this.state = 'ended';
    try {
      super.unsubscribe();
    } finally {
      if (state !== 'ended') this.left(state === 'delivering');
    }
  }

  private callMethod(): ObservableInput<unknown> {
    const { way, record } = this.parts;
    const { self, args } = record;
    const { method, contextIndex } = way.target;
    const given = contextIndex === undefined ? args : argumentsFor(args, contextIndex, this.scope);
    // That it gives a stream is what has brought the call here; `from` says what is wrong with anything else.
    return Reflect.apply(method, self, given) as ObservableInput<unknown>;
  }

  private tellSuccess(): void {
    const { gates, retry } = this.parts.way;
    for (let index = gates.length - 1; index >= 0; index -= 1) {
      gates[index]?.succeeded(this.permits[index] ?? 0, this.firstValue, this.scope);
    }
    retry?.succeededAtOnce();
  }

  /** Values are never sent twice, so nothing follows; all rules hear of it, innermost first. */
  private failedLate(error: unknown): void {
    const { way, subscriber } = this.parts;
    const { scope } = this;
    const permits = way.admissionsByStep(this.permits, this.permits.length);
    for (const [index, step] of [...way.pipeline.steps.entries()].toReversed()) {
      const permit = permits[index];
      if (step.word === 'retry') step.rule.begin(scope).decideLateError(error, scope);
      // Only gates have given permits, and others than numbers were handed over.
      else if (typeof permit === 'number') (step.rule as Gate).failed(permit, error, scope);
    }
    subscriber.error(error);
  }

  /** The subscriber has left: before a value it counts for nothing, after one for a success. */
  private left(hasValue: boolean): void {
    const { gates, target } = this.parts.way;
    if (hasValue) this.tellSuccess();
    else
      for (const [index, gate] of [...gates.entries()].toReversed()) gate.cancelled(this.permits[index] ?? 0);
    // Without the context in its hands the method cannot have read the signal, and aborting costs microseconds.
    if (target.contextIndex !== undefined) this.scope.cancellation.cancel(abortError(), 'caller');
    this.scope.close();
  }

  /** A refusal that nothing can change is the subscriber's at once; everything else is said step by step. */
  private stopped(index: number, admission: Admission): void {
    const { way, subscriber } = this.parts;
    const isFinal = index === 0 && way.isFirstGateFinal && admission instanceof Refusal;
    if (isFinal) subscriber.error(admission.error);
    else this.carryOn(index, admission);
  }

  /** No call around this one binds it: whoever makes the source fail may stand in a call of somebody else's. */
  private carryOn(asked: number, last?: Admission, invocation?: Invocation): void {
    const { way, record, subscriber, layers } = this.parts;
    const admissions = way.admissionsByStep(this.permits, asked, last);
    record.carryOn(invocation === undefined ? { admissions } : { admissions, invocation });
    const scope = new Scope(record, Number.POSITIVE_INFINITY);
    runInScope(scope, subscriber, layers(scope, record));
  }
}
