import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Bulkhead,
  BulkheadRegistry,
  CircuitBreaker,
  CircuitBreakerRegistry,
  Fallback,
  Retryable,
} from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

let backend: Backend;

beforeEach(() => {
  backend = new Backend('F,F,S');
});

/** A decorator of somebody else that replaces the method. */
function Counted(): MethodDecorator {
  return (_target, _member, descriptor: PropertyDescriptor) => {
    const inner = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]): unknown {
      return inner.apply(this, args);
    };
  };
}

@Injectable()
class Pages {
  @Retryable(AT_ONCE)
  @CircuitBreaker('pages')
  @Bulkhead('pages')
  async *all(): AsyncGenerator<number> {
    backend.next();
    yield 1;
    yield 2;
  }

  @Retryable(AT_ONCE)
  @CircuitBreaker('broken')
  async *broken(): AsyncGenerator<number> {
    backend.runsAt.push(0);
    yield 1;
    throw Object.assign(new Error('torn'), { status: 503 });
  }

  @Retryable(AT_ONCE)
  plain(): AsyncIterable<number> {
    backend.runsAt.push(0);
    return numbers();
  }

  @Fallback({ value: 7 })
  async *answered(): AsyncGenerator<number> {
    yield Number(backend.next());
  }

  @Retryable(AT_ONCE)
  @Counted()
  @CircuitBreaker('hidden')
  async *hidden(): AsyncGenerator<number> {
    backend.next();
    yield 1;
  }

  @Retryable(AT_ONCE)
  @Counted()
  async *foreign(): AsyncGenerator<number> {
    backend.next();
    yield 1;
  }
}

async function* numbers(): AsyncGenerator<number> {
  yield 1;
  yield 2;
}

async function itemsOf(iterable: AsyncIterable<number>) {
  const items: number[] = [];
  const { error } = await outcomeOf(async () => {
    for await (const item of iterable) items.push(item);
  });
  return { items, error };
}

describe('methods that return an async iterable', () => {
  const applications = new Applications();

  async function start() {
    const world = await applications.start({ providers: [Pages] });
    return { ...world, pages: world.get(Pages) };
  }

  it('NI-30: failures before the first item are retried', async () => {
    const { pages } = await start();

    const iterable = pages.all();
    const runsBefore = backend.runs;

    expect(await itemsOf(iterable)).toEqual({ items: [1, 2], error: undefined });
    expect([runsBefore, backend.runs]).toEqual([0, 3]);
  });

  it('NI-30: once an item was delivered, an error passes through', async () => {
    const { pages, events } = await start();

    const { items, error } = await itemsOf(pages.broken());

    expect(items).toEqual([1]);
    expect(error).toMatchObject({ message: 'torn' });
    expect(backend.runs).toBe(1);
    expect(events.of('retry.scheduled')).toEqual([]);
  });

  it('NI-30: leaving the loop frees the slot and counts as a success', async () => {
    const { pages, get } = await start();
    backend = new Backend('S');

    for await (const item of pages.all()) {
      expect(get(BulkheadRegistry).get('pages').snapshot().inUse).toBe(1);
      if (item === 1) break;
    }

    expect(get(BulkheadRegistry).get('pages').snapshot().inUse).toBe(0);
    expect(get(CircuitBreakerRegistry).get('pages').snapshot()).toMatchObject({
      recordedCalls: 1,
      failures: 0,
    });
  });

  it('N18: what comes back is its own async iterator, with next, return and throw', async () => {
    const { pages } = await start();

    const iterable = pages.all();

    expect(iterable[Symbol.asyncIterator]()).toBe(iterable);
    expect([typeof iterable.next, typeof iterable.return, typeof iterable.throw]).toEqual([
      'function',
      'function',
      'function',
    ]);
    expect(await iterable.return(undefined)).toEqual({ done: true, value: undefined });
    expect(backend.runs).toBe(0);
  });

  it('N15: a plain method shows at its first call that it gives an iterable', async () => {
    const { pages } = await start();

    const first = pages.plain();
    const runsAtFirst = backend.runs;
    const second = pages.plain();

    expect([runsAtFirst, backend.runs]).toEqual([1, 1]);
    expect(await itemsOf(first)).toEqual({ items: [1, 2], error: undefined });
    expect(await itemsOf(second)).toEqual({ items: [1, 2], error: undefined });
    expect(backend.runs).toBe(2);
  });

  it("P8: a fallback's value is the only item", async () => {
    const { pages } = await start();

    expect(await itemsOf(pages.answered())).toEqual({ items: [7], error: undefined });
  });

  it.each(['hidden', 'foreign'] as const)(
    'N14: a generator behind a foreign decorator stays one, though SWC records a promise (%s)',
    async (method) => {
      const { pages } = await start();

      const iterable = pages[method]();

      expect(Symbol.asyncIterator in iterable).toBe(true);
      expect(await itemsOf(iterable)).toEqual({ items: [1], error: undefined });
      expect(backend.runs).toBe(3);
    },
  );
});
