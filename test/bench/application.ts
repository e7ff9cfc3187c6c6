import 'reflect-metadata';
import { type INestApplicationContext, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Bulkhead,
  CircuitBreaker,
  Fallback,
  Idempotent,
  RateLimiter,
  ResilienceModule,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { ResiliencePrometheusModule } from 'nestjs-selfheal/prometheus';
import { Registry } from 'prom-client';
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

/** Methods whose first call makes Node keep an async context for the whole process. */
@Injectable()
export class Limited {
  @Idempotent({ key: (value: number) => `call-${value}` })
  async idempotent(value: number): Promise<number> {
    return value;
  }

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

/** How an application is made. */
export interface Boot {
  readonly enabled?: boolean;
  /** Counts every call for Prometheus. */
  readonly hasMetrics?: boolean;
}

/** An application around one provider; nobody listens to its events. */
export async function boot(
  provider: Type,
  { enabled = true, hasMetrics = false }: Boot = {},
): Promise<INestApplicationContext> {
  const resilience = ResilienceModule.forRoot({ enabled, logger: false });
  const metrics = hasMetrics ? [ResiliencePrometheusModule.forRoot({ registry: new Registry() })] : [];

  @Module({ imports: [resilience, ...metrics], providers: [provider] })
  class BenchModule {}
  return NestFactory.createApplicationContext(BenchModule, { logger: false });
}
