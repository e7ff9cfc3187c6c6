import { catchError, defer, Observable, type Subscriber, tap, throwError } from 'rxjs';
import { type Admission, type Gate, type Permit, Refusal, Turn } from '../core/rule.js';
import type { Scope } from '../core/scope.js';
import {
  afterRivals,
  type CallRecord,
  HeldPermit,
  type Pipeline,
  ValueLog,
  type ValueMemory,
} from '../pipeline/index.js';
import type { FallbackRule } from '../policies/fallback/index.js';
import { streamOf } from './stream-of.js';

/** What stands inside a layer: the next layer, or the method. Nothing happens before it is subscribed. */
export type StreamNext = (scope: Scope, record: CallRecord) => Observable<unknown>;

/**
 * Runs a stream in a scope of its own, which ends with it; where the stream is left before its end, the signal of
 * the scope aborts, and the permits inside have come back before that.
 */
export function runInScope(scope: Scope, subscriber: Subscriber<unknown>, stream: Observable<unknown>): void {
  let hasEnded = false;
  const end = (): void => {
    hasEnded = true;
  };
  subscriber.add(stream.pipe(tap({ error: end, complete: end })).subscribe(subscriber));
  subscriber.add(() => {
    if (!hasEnded) scope.cancellation.cancel(abortError(), 'caller');
    scope.close();
  });
}

/** Tells of the end of each call: its error, its completion, or that it was left after a value. */
export function watched({ calls }: Pick<Pipeline, 'calls'>, layers: StreamNext): StreamNext {
  return (scope, record) => {
    const stream = layers(scope, record);
    if (!calls.isWatched) return stream;
    let hasValue = false;
    const tellOfValue = (): void => calls.succeeded(record);
    return stream.pipe(
      tap({
        next: () => {
          hasValue = true;
        },
        error: (error: unknown) => calls.failed(record, error),
        complete: tellOfValue,
        unsubscribe: () => {
          if (hasValue) tellOfValue();
        },
      }),
    );
  };
}

/** What a signal gives as its reason when nobody says anything else. */
export function abortError(): unknown {
  return AbortSignal.abort().reason;
}

/** Asks the gate at subscription, and tells it what became of the stream. */
export function gateStream(gate: Gate, step: number, next: StreamNext): StreamNext {
  return (scope, record) =>
    new Observable((subscriber) => {
      const pass = (permit: Permit): void => {
        if (subscriber.closed) return gate.cancelled(permit);
        const held = new HeldPermit(gate, permit, scope);
        const told = tap<unknown>({
          next: (value) => held.delivered(value),
          error: (error: unknown) => held.failed(error),
          complete: () => held.completed(),
        });
        subscriber.add(next(scope, record).pipe(told).subscribe(subscriber));
        // After the source has gone: whoever gets the place of this stream must not meet it.
        subscriber.add(() => held.left());
        return undefined;
      };
      ask(record.admission(step) ?? gate.admit(scope), scope, subscriber, pass);
    });
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
  const stopWatching = scope.cancellation.onCancel((reason) => subscriber.error(reason));
  subscriber.add(stopWatching);
  subscriber.add(() => admission.leave());
  admission.onTurn((answer) => {
    afterRivals(scope, () => {
      // From now on the stream's own outcome counts.
      stopWatching();
      ask(answer, scope, subscriber, pass);
    });
  });
  return undefined;
}

/** Answers in the place of a failure that came before the first value, where the rule says so. */
export function fallbackStream(rule: FallbackRule, memory: ValueMemory, next: StreamNext): StreamNext {
  return (scope, record) =>
    defer(() => {
      const log = memory.remembers ? new ValueLog(memory, scope) : undefined;
      let hasValue = false;
      const watched = tap<unknown>({
        next: (value) => {
          hasValue = true;
          log?.add(value);
        },
        complete: () => log?.complete(),
      });
      // After a value there is no answer: it would be mixed with, or repeat, what was delivered.
      const answered = catchError((error: unknown) =>
        hasValue || scope.isCancelled ? throwError(() => error) : answer(rule, scope, record, error),
      );
      return next(scope, record).pipe(watched, answered);
    });
}

/** The fallback's answer as a stream, or the error where it has none. */
function answer(rule: FallbackRule, scope: Scope, record: CallRecord, error: unknown): Observable<unknown> {
  const found = rule.answersFor(error, scope) ? rule.answer(error, scope, record.self) : undefined;
  if (found === undefined) return throwError(() => error);
  let isServed = false;
  const served = (): void => {
    record.claim?.fellBack(error);
    record.isAnswered = true;
    if (!isServed) rule.served(error, scope, found.source);
    isServed = true;
  };
  return streamOf(found.value).pipe(tap({ next: served, complete: served }));
}
