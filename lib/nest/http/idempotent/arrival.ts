import type { ExecutionContext } from '@nestjs/common';
import { isObservable, Observable } from 'rxjs';
import type { OuterCall, Surroundings } from '../../../pipeline/index.js';

/**
 * Where a request that a handler gets has its arrival. What a `WeakMap` holds outlives the collections of young
 * objects, with all that it reaches, and here that would be all of the request: it would cost more than the guard.
 */
const ARRIVAL = Symbol('arrival');

interface Arrived {
  [ARRIVAL]?: Arrival;
}

/** Runs what answers requests, and knows later which one that was. */
interface Running {
  run<T>(surroundings: Surroundings, fn: () => T): T;
}

/** A request that a guarded handler answers, and what was decided for it. */
export class Arrival implements Surroundings {
  constructor(
    /** The plan that guards the handler. */
    readonly identity: object,
    readonly executionContext: ExecutionContext,
    readonly outer: OuterCall | undefined,
    private readonly calls: Running,
  ) {}

  /** As the platform hands it to handlers. */
  get request(): unknown {
    const { executionContext } = this;
    return executionContext.getType() === 'http' ? executionContext.getArgByIndex<unknown>(0) : undefined;
  }

  /** Remembered as long as the request is; a later one takes the place of an earlier. */
  keep(): void {
    const request = this.request;
    if (typeof request === 'object' && request !== null) (request as Arrived)[ARRIVAL] = this;
  }

  /** Runs what answers the request; a stream that it gives is begun within as well. */
  answer(run: () => unknown): unknown {
    const result = this.within(run);
    if (!isObservable(result)) return this.pulledWithin(result);
    return new Observable((subscriber) => this.within(() => result.subscribe(subscriber)));
  }

  /** An async iterable is done where it is pulled, and Nest pulls it long after it was given. */
  pulledWithin(result: unknown): unknown {
    if (!isAsyncIterable(result)) return result;
    return {
      [Symbol.asyncIterator]: (): AsyncIterator<unknown> => {
        const iterator = this.within(() => result[Symbol.asyncIterator]());
        return {
          next: () => this.within(() => iterator.next()),
          return: async (value?: unknown) =>
            this.within(() => iterator.return?.(value)) ?? { done: true, value },
        };
      },
    };
  }

  /** Runs what knows the request from its async context. */
  within<T>(run: () => T): T {
    return this.calls.run(this, run);
  }
}

/** What was decided for a request; `undefined` for one that no guarded handler has to answer, and for all else. */
export function arrivalOf(request: unknown): Arrival | undefined {
  return typeof request === 'object' && request !== null ? (request as Arrived)[ARRIVAL] : undefined;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && !('then' in value);
}
