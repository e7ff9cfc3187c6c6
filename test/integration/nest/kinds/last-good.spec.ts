import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { CircuitBreaker, Fallback, Retryable } from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend } from '../../../support/nest-applications.js';

const isBad = (value: unknown): boolean => value === 'bad';
const LAST_GOOD = { lastGood: { maxAge: '5m' } } as const;

/** Methods of each kind, whose values are judged by a retry, or by a breaker. */
@Injectable()
class Quotes {
  backend = new Backend('');

  @Fallback(LAST_GOOD)
  @Retryable({ ...AT_ONCE, retryOnResult: isBad })
  async retriedPromise(): Promise<string> {
    return this.backend.next();
  }

  @Fallback(LAST_GOOD)
  @CircuitBreaker({ recordResult: isBad })
  async brokenPromise(): Promise<string> {
    return this.backend.next();
  }

  @Fallback(LAST_GOOD)
  @Retryable({ ...AT_ONCE, retryOnResult: isBad })
  retriedObservable(): Observable<string> {
    return from([this.backend.next()]);
  }

  @Fallback(LAST_GOOD)
  @CircuitBreaker({ key: () => 'eu', recordResult: isBad })
  brokenObservable(): Observable<string> {
    return from([this.backend.next()]);
  }

  @Fallback(LAST_GOOD)
  @Retryable({ ...AT_ONCE, retryOnResult: isBad })
  async *retriedIterable(): AsyncGenerator<string> {
    yield this.backend.next();
  }

  @Fallback(LAST_GOOD)
  @CircuitBreaker({ recordResult: isBad })
  async *brokenIterable(): AsyncGenerator<string> {
    yield this.backend.next();
  }
}

type Method = Exclude<keyof Quotes, 'backend'>;

const JUDGED: readonly (readonly [Method, string])[] = [
  ['retriedPromise', 'good,bad,bad,bad,F'],
  ['brokenPromise', 'good,bad,F'],
  ['retriedObservable', 'good,bad,bad,bad,F'],
  ['brokenObservable', 'good,bad,F'],
  ['retriedIterable', 'good,bad,bad,bad,F'],
  ['brokenIterable', 'good,bad,F'],
];

async function valueOf(given: ReturnType<Quotes[Method]>): Promise<string> {
  if (given instanceof Promise) return given;
  return Symbol.asyncIterator in given ? ((await given.next()).value as string) : lastValueFrom(given);
}

/** Reads to the end, as who wants it remembered has to. */
async function wholeValueOf(given: ReturnType<Quotes[Method]>): Promise<string> {
  const value = await valueOf(given);
  if (Symbol.asyncIterator in given) await given.next();
  return value;
}

describe('a value that the options count as a failure', () => {
  const applications = new Applications();

  it.each(JUDGED)('L14: is the answer of %s, and never its last good one', async (method, script) => {
    const quotes = (await applications.start({ providers: [Quotes] })).get(Quotes);
    quotes.backend = new Backend(script);

    const answers = [
      await wholeValueOf(quotes[method]()),
      await wholeValueOf(quotes[method]()),
      await wholeValueOf(quotes[method]()),
    ];

    expect(answers).toEqual(['good', 'bad', 'good']);
  });
});
