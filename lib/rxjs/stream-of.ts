import { concatMap, from, isObservable, type Observable, of } from 'rxjs';
import { valuesOf } from '../pipeline/index.js';

/** The answer of a fallback as a stream: what it is, where it is one, otherwise its values one after the other. */
export function streamOf(value: unknown): Observable<unknown> {
  if (isObservable(value)) return value;
  if (isThenable(value)) return from(value).pipe(concatMap(streamOf));
  if (isAsyncIterable(value)) return from(value);
  return of(...valuesOf(value));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
