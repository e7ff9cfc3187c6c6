import 'reflect-metadata';
import { type INestApplicationContext, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Bulkhead,
  CircuitBreaker,
  Fallback,
  RateLimiter,
  ResilienceModule,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { defer, type Observable, of } from 'rxjs';

/** What stands in every row: a method that resolves at once, and a bare stream. */
export class Bare {
  async call(value: number): Promise<number> {
    return value;
  }

  stream(value: number): Observable<number> {
    return defer(() => of(value));
  }
}

/** Methods without a time limit. */
@Injectable()
export class Unlimited {
  isDown = false;

  @CircuitBreaker()
  async breaker(value: number): Promise<number> {
    return value;
  }

  @Retryable()
  async retry(value: number): Promise<number> {
    return value;
  }

  @CircuitBreaker()
  @Fallback({ value: 0 })
  async fallback(value: number): Promise<number> {
    return value;
  }

  @CircuitBreaker({ name: 'open', waitDurationInOpenState: '1h' })
  async open(value: number): Promise<number> {
    if (this.isDown) throw new Error('down');
    return value;
  }

  @Retryable()
  @CircuitBreaker('open')
  async retryOpen(value: number): Promise<number> {
    return value;
  }

  @Retryable()
  @CircuitBreaker()
  stream(value: number): Observable<number> {
    return defer(() => of(value));
  }
}

/** Methods with a time limit: they make Node keep an async context for the whole process. */
@Injectable()
export class Limited {
  @Retryable()
  @CircuitBreaker()
  @TimeLimiter('2s')
  async three(value: number): Promise<number> {
    return value;
  }

  @Retryable()
  @CircuitBreaker()
  @TimeLimiter('2s')
  @Bulkhead()
  @RateLimiter({ limit: 1_000_000_000, window: '1s', type: 'fixed' })
  async five(value: number): Promise<number> {
    return value;
  }
}

/** The policies of a method that is switched off. */
@Injectable()
export class SwitchedOff {
  @Retryable()
  @CircuitBreaker()
  @TimeLimiter('2s')
  async call(value: number): Promise<number> {
    return value;
  }
}

/** An application around one provider; nobody listens to its events. */
export async function boot(provider: Type, enabled = true): Promise<INestApplicationContext> {
  @Module({ imports: [ResilienceModule.forRoot({ enabled, logger: false })], providers: [provider] })
  class BenchModule {}
  return NestFactory.createApplicationContext(BenchModule, { logger: false });
}
