import { Injectable } from '@nestjs/common';
import {
  Bulkhead,
  CircuitBreaker,
  Fallback,
  Hedge,
  RateLimiter,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { BREAKER, BUDGETED, BULKHEAD, FALLBACK_VALUE, HEDGE, KEYED, LIMIT, RATE, RETRY } from './options.js';
import { type Script, work } from './work.js';

/** Methods that give an async iterable. */
@Injectable()
export class IterableSoak {
  @Retryable(RETRY)
  async *retry(script: Script): AsyncIterable<string> {
    yield await work(script);
  }

  @Retryable(BUDGETED)
  async *budgeted(script: Script): AsyncIterable<string> {
    yield await work(script);
  }

  @CircuitBreaker(BREAKER)
  async *breaker(script: Script): AsyncIterable<string> {
    yield await work(script);
  }

  @CircuitBreaker(KEYED)
  async *keyed(script: Script): AsyncIterable<string> {
    yield await work(script);
  }

  @TimeLimiter(LIMIT)
  async *limited(script: Script): AsyncIterable<string> {
    yield await work(script);
  }

  @Bulkhead(BULKHEAD)
  async *bulkhead(script: Script): AsyncIterable<string> {
    yield await work(script);
  }

  @RateLimiter(RATE)
  async *rate(script: Script): AsyncIterable<string> {
    yield await work(script);
  }

  @Fallback({ value: FALLBACK_VALUE })
  async *fallback(script: Script): AsyncIterable<string> {
    yield await work(script);
  }

  @Hedge(HEDGE)
  async *hedge(script: Script): AsyncIterable<string> {
    yield await work(script);
  }

  @Fallback({ value: FALLBACK_VALUE })
  @Retryable(BUDGETED)
  @Hedge(HEDGE)
  @CircuitBreaker(BREAKER)
  @RateLimiter(RATE)
  @TimeLimiter(LIMIT)
  @Bulkhead(BULKHEAD)
  async *everything(script: Script): AsyncIterable<string> {
    yield await work(script);
  }
}
