import { concat, EMPTY, from, Observable, throwError } from 'rxjs';
import type { Scope } from '../core/scope.js';
import { type IdempotentMethod, Sequence, type StreamFlow, type StreamLog } from '../pipeline/index.js';
import { collect } from './stream-intake.js';
import type { StreamNext } from './stream-layers.js';
import { streamOf } from './stream-of.js';

type Stream = Observable<unknown>;

/** Guards a method that gives an Observable: its values are sent when they are recorded, or cannot be. */
export function guardStream(rule: IdempotentMethod, next: StreamNext): StreamNext {
  const layer = rule.streamLayer(flowOf(next));
  return (scope, record) =>
    new Observable((subscriber) => {
      layer(scope, record).then(
        (answer) => subscriber.add(delivered(answer).subscribe(subscriber)),
        (error: unknown) => subscriber.error(error),
      );
    });
}

function flowOf(next: StreamNext): StreamFlow<Stream> {
  return {
    open: async (scope: Scope, record) => next(scope, record),
    of: async (answer: unknown) => streamOf(answer),
    collect: (source: Stream, log: StreamLog, scope?: Scope) => collect(source, log, scope),
    // Whoever takes a rest and leaves it at once has ended it.
    abandon: (rest: Stream) => rest.subscribe({ error: () => undefined }).unsubscribe(),
  };
}

/** What a guarded call was answered with, as the stream that its subscriber gets. */
function delivered(answer: unknown): Stream {
  return answer instanceof Sequence ? concat(from(answer.items), restOf(answer.end)) : streamOf(answer);
}

function restOf(end: Sequence['end']): Stream {
  if (end.kind === 'error') return throwError(() => end.error);
  return end.kind === 'live' ? streamOf(end.rest) : EMPTY;
}
