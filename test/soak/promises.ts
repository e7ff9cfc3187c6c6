import { Injectable } from '@nestjs/common';
import {
  Bulkhead,
  CircuitBreaker,
  Fallback,
  Hedge,
  Idempotent,
  RateLimiter,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { BREAKER, BUDGETED, BULKHEAD, FALLBACK_VALUE, HEDGE, KEYED, LIMIT, RATE, RETRY } from './options.js';
import { type Script, work } from './work.js';

/** Methods that give a promise. */
@Injectable()
export class PromiseSoak {
  @Retryable(RETRY)
  async retry(script: Script): Promise<string> {
    return work(script);
  }

  @Retryable(BUDGETED)
  async budgeted(script: Script): Promise<string> {
    return work(script);
  }

  @CircuitBreaker(BREAKER)
  async breaker(script: Script): Promise<string> {
    return work(script);
  }

  @CircuitBreaker(KEYED)
  async keyed(script: Script): Promise<string> {
    return work(script);
  }

  @TimeLimiter(LIMIT)
  async limited(script: Script): Promise<string> {
    return work(script);
  }

  @Bulkhead(BULKHEAD)
  async bulkhead(script: Script): Promise<string> {
    return work(script);
  }

  @RateLimiter(RATE)
  async rate(script: Script): Promise<string> {
    return work(script);
  }

  @Fallback({ value: FALLBACK_VALUE })
  async fallback(script: Script): Promise<string> {
    return work(script);
  }

  @Hedge(HEDGE)
  async hedge(script: Script): Promise<string> {
    return work(script);
  }

  @Fallback({ value: FALLBACK_VALUE })
  @Retryable(BUDGETED)
  @Hedge(HEDGE)
  @CircuitBreaker(BREAKER)
  @RateLimiter(RATE)
  @TimeLimiter(LIMIT)
  @Bulkhead(BULKHEAD)
  async everything(script: Script): Promise<string> {
    return work(script);
  }

  @Idempotent({ key: ({ key }: Script) => key, fingerprint: () => 'the same', ttl: '1s' })
  async idempotent(script: Script): Promise<string> {
    return work(script);
  }
}
