import { applyDecorators, Get } from '@nestjs/common';
import {
  Bulkhead,
  CallContext,
  CircuitBreaker,
  Fallback,
  PolicyOrder,
  RateLimiter,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { of, type Observable } from 'rxjs';

export class Compiles {
  @Retryable()
  @CircuitBreaker('db')
  @TimeLimiter('2s')
  @Bulkhead(10)
  @RateLimiter('api')
  @Fallback({ value: 'reserve' })
  @PolicyOrder('fallback', 'retry', 'circuitBreaker', 'rateLimiter', 'attemptTimeout', 'bulkhead')
  async promise(): Promise<string> {
    return 'S';
  }

  @Retryable()
  thenable(): PromiseLike<string> {
    return Promise.resolve('S');
  }

  @Retryable()
  observable(): Observable<string> {
    return of('S');
  }

  @Retryable()
  async *generator(): AsyncGenerator<number> {
    yield 1;
  }

  @Retryable()
  iterable(): AsyncIterable<number> {
    return this.generator();
  }

  @Retryable()
  either(isStream: boolean): Promise<string> | Observable<string> {
    return isStream ? of('S') : Promise.resolve('S');
  }

  @Retryable()
  async generic<T extends object>(value: T, @CallContext() _call?: CallContext): Promise<T> {
    return value;
  }

  @Retryable()
  static async static(): Promise<string> {
    return 'S';
  }

  @Retryable()
  protected async protected(): Promise<string> {
    return 'S';
  }

  overloaded(id: number): Promise<number>;
  overloaded(name: string): Promise<string>;
  @Retryable()
  async overloaded(idOrName: number | string): Promise<number | string> {
    return idOrName;
  }

  @applyDecorators(Retryable(), Get('x'), CircuitBreaker('db'))
  async applied(): Promise<string> {
    return 'S';
  }
}

export class DoesNotCompile {
  // @ts-expect-error a decorated method must return a Promise, an Observable or an async iterable
  @Retryable()
  number(): number {
    return 1;
  }

  // @ts-expect-error nothing is not a promise
  @TimeLimiter('2s')
  nothing(): void {}

  // @ts-expect-error a list is no stream
  @CircuitBreaker()
  list(): readonly number[] {
    return [];
  }

  // @ts-expect-error a generator that is not async
  @Bulkhead()
  *generator(): Generator<number> {
    yield 1;
  }

  // @ts-expect-error one of both is synchronous
  @RateLimiter('api')
  sometimes(isCached: boolean): string | Promise<string> {
    return isCached ? 'S' : Promise.resolve('S');
  }

  // @ts-expect-error a synchronous method
  @Fallback({ value: 1 })
  withFallback(): number {
    return 1;
  }

  // @ts-expect-error a getter is not a method
  @Retryable()
  get getter(): Promise<string> {
    return Promise.resolve('S');
  }

  // @ts-expect-error a word that no step has
  @PolicyOrder('retries')
  async order(): Promise<void> {}
}
