import { AsyncResource } from 'node:async_hooks';
import { from, isObservable, Observable, of, type Subscriber } from 'rxjs';
import type { Environment } from '../core/environment.js';
import { type Admission, type Gate, type Permit, Refusal, Turn } from '../core/rule.js';
import type { Scope } from '../core/scope.js';
import type { FallbackRule } from '../policies/fallback/index.js';
import { type CallRecord, HeldPermit, ValueLog, valuesOf } from '../pipeline/index.js';

/** What stands inside a layer: the next layer, or the method. Nothing happens before it is subscribed. */
export type StreamNext = (scope: Scope, record: CallRecord) => Observable<unknown>;

/** A permit of a stream: what it comes back with depends on whether a value was seen. */
class StreamPermit {
  private hasValue = false;
  private firstValue: unknown;

  constructor(private readonly held: HeldPermit) {}

  sees(value: unknown): void {
    if (this.hasValue) return;
    this.hasValue = true;
    this.firstValue = value;
  }

  completed(): void {
    this.held.succeeded(this.firstValue);
  }

  failed(error: unknown): void {
    this.held.failed(error);
  }

  /** Left before a value it counts for nothing, after one for a success. */
  left(): void {
    if (this.hasValue) this.held.succeeded(this.firstValue);
    else this.held.cancelled();
  }
}

/** Asks the gate at subscription, and tells it what became of the stream. */
export function gateStream(gate: Gate, step: number, next: StreamNext): StreamNext {
  return (scope, record) =>
    new Observable((subscriber) => {
      const pass = (permit: Permit): void => {
        const held = new StreamPermit(new HeldPermit(gate, permit, scope));
        subscriber.add(() => held.left());
        follow(next(scope, record), subscriber, held);
      };
      ask(record.admission(step) ?? gate.admit(scope), scope, subscriber, pass);
    });
}

function follow(stream: Observable<unknown>, subscriber: Subscriber<unknown>, held: StreamPermit): void {
  const inner = stream.subscribe({
    next: (value) => {
      held.sees(value);
      subscriber.next(value);
    },
    error: (error: unknown) => {
      held.failed(error);
      subscriber.error(error);
    },
    complete: () => {
      held.completed();
      subscriber.complete();
    },
  });
  subscriber.add(inner);
}

/** Passes on with the gate's permit, now or when the turn has come. */
function ask(
  admission: Admission,
  scope: Scope,
  subscriber: Subscriber<unknown>,
  pass: (permit: Permit) => void,
): void {
  if (admission instanceof Refusal) return subscriber.error(admission.error);
  if (!(admission instanceof Turn)) return pass(admission);
  subscriber.add(() => admission.leave());
  subscriber.add(scope.cancellation.onCancel((reason) => subscriber.error(reason)));
  admission.onTurn(AsyncResource.bind((answer) => ask(answer, scope, subscriber, pass)));
  return undefined;
}

/** Answers in the place of a failure, where the rule says so. */
export function fallbackStream(rule: FallbackRule, environment: Environment, next: StreamNext): StreamNext {
  return (scope, record) =>
    new Observable((subscriber) => {
      const log = rule.remembers ? new ValueLog(rule, scope.args) : undefined;
      const inner = next(scope, record).subscribe({
        next: (value) => {
          log?.add(value);
          subscriber.next(value);
        },
        complete: () => {
          log?.complete();
          subscriber.complete();
        },
        error: (error: unknown) => subscriber.add(answer(rule, scope, record, error).subscribe(subscriber)),
      });
      subscriber.add(inner);
    });
}

/** The fallback's answer as a stream, or the error where it has none. */
function answer(rule: FallbackRule, scope: Scope, record: CallRecord, error: unknown): Observable<unknown> {
  return new Observable((subscriber) => {
    const found = rule.answersFor(error, scope) ? rule.answer(error, scope, record.self) : undefined;
    if (found === undefined) return subscriber.error(error);
    return streamOf(found.value).subscribe({
      next: (value) => subscriber.next(value),
      error: (failure: unknown) => subscriber.error(failure),
      complete: () => {
        rule.served(error, scope, found.source);
        subscriber.complete();
      },
    });
  });
}

function streamOf(value: unknown): Observable<unknown> {
  if (isObservable(value)) return value;
  if (value instanceof Promise) return from(value);
  return of(...valuesOf(value));
}
