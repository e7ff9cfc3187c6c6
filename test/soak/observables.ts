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
import { defer, type Observable } from 'rxjs';
import { BREAKER, BUDGETED, BULKHEAD, FALLBACK_VALUE, HEDGE, KEYED, LIMIT, RATE, RETRY } from './options.js';
import { type Script, work } from './work.js';

/** Methods that give an Observable. */
@Injectable()
export class ObservableSoak {
  @Retryable(RETRY)
  retry(script: Script): Observable<string> {
    return defer(() => work(script));
  }

  @Retryable(BUDGETED)
  budgeted(script: Script): Observable<string> {
    return defer(() => work(script));
  }

  @CircuitBreaker(BREAKER)
  breaker(script: Script): Observable<string> {
    return defer(() => work(script));
  }

  @CircuitBreaker(KEYED)
  keyed(script: Script): Observable<string> {
    return defer(() => work(script));
  }

  @TimeLimiter(LIMIT)
  limited(script: Script): Observable<string> {
    return defer(() => work(script));
  }

  @Bulkhead(BULKHEAD)
  bulkhead(script: Script): Observable<string> {
    return defer(() => work(script));
  }

  @RateLimiter(RATE)
  rate(script: Script): Observable<string> {
    return defer(() => work(script));
  }

  @Fallback({ value: FALLBACK_VALUE })
  fallback(script: Script): Observable<string> {
    return defer(() => work(script));
  }

  @Hedge(HEDGE)
  hedge(script: Script): Observable<string> {
    return defer(() => work(script));
  }

  @Fallback({ value: FALLBACK_VALUE })
  @Retryable(BUDGETED)
  @Hedge(HEDGE)
  @CircuitBreaker(BREAKER)
  @RateLimiter(RATE)
  @TimeLimiter(LIMIT)
  @Bulkhead(BULKHEAD)
  everything(script: Script): Observable<string> {
    return defer(() => work(script));
  }
}
