// A user's application. The matrix compiles it by tsc as an ES module and as CommonJS, against the packed package.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controller, Get, Injectable, Module, ServiceUnavailableException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CallContext,
  CircuitBreaker,
  CircuitBreakerRegistry,
  Fallback,
  ResilienceEvents,
  ResilienceExplorer,
  ResilienceModule,
  ResilienceService,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { createPolicies } from 'nestjs-selfheal/core';
import { withPipeline } from 'nestjs-selfheal/rxjs';
import { ManualClock } from 'nestjs-selfheal/testing';
import { defer, firstValueFrom, lastValueFrom, type Observable, of, throwError, toArray } from 'rxjs';

const AT_ONCE = { maxAttempts: 3, backoff: { initialDelay: 0 } } as const;

@Injectable()
class StockService {
  executions = 0;

  @Retryable(AT_ONCE)
  @TimeLimiter('5s')
  async promise(@CallContext() call?: CallContext): Promise<number | undefined> {
    this.failTwice();
    return call?.attempt;
  }

  @Retryable(AT_ONCE)
  observable(): Observable<string> {
    return defer(() => {
      this.failTwice();
      return of('S');
    });
  }

  @Retryable(AT_ONCE)
  async *items(): AsyncGenerator<number> {
    this.failTwice();
    yield 1;
    yield 2;
  }

  @Fallback({ value: 'reserve' })
  async answered(): Promise<string> {
    throw new ServiceUnavailableException();
  }

  @CircuitBreaker({ name: 'db', failureThreshold: 1, waitDurationInOpenState: '30s' })
  async guarded(): Promise<never> {
    throw new ServiceUnavailableException();
  }

  private failTwice(): void {
    this.executions += 1;
    if (this.executions % 3 !== 0) throw new ServiceUnavailableException();
  }
}

@Controller()
class StockController {
  constructor(private readonly stock: StockService) {}

  @Get('stock')
  stockOf(): Promise<number | undefined> {
    return this.stock.promise();
  }

  @Get('guarded')
  guarded(): Promise<never> {
    return this.stock.guarded();
  }
}

@Module({
  imports: [ResilienceModule.forRoot({ logger: false })],
  controllers: [StockController],
  providers: [StockService],
})
class AppModule {}

async function withApplication<T>(
  work: (app: Awaited<ReturnType<typeof started>>) => Promise<T>,
): Promise<T> {
  const app = await started();
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

async function started() {
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

test('a route is healed, and the call context is given', () =>
  withApplication(async (app) => {
    const response = await fetch(`${await app.getUrl()}/stock`);

    assert.equal(response.status, 200);
    assert.equal(await response.text(), '3');
    assert.equal(app.get(StockService).executions, 3);
  }));

test('an Observable and an async generator are healed in their kind', () =>
  withApplication(async (app) => {
    const stock = app.get(StockService);
    const items: number[] = [];

    const value = await firstValueFrom(stock.observable());
    for await (const item of stock.items()) items.push(item);

    assert.equal(value, 'S');
    assert.deepEqual(items, [1, 2]);
    assert.equal(stock.executions, 6);
  }));

test('an open breaker answers 503 with Retry-After', () =>
  withApplication(async (app) => {
    const url = `${await app.getUrl()}/guarded`;
    await fetch(url);

    const refused = await fetch(url);

    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '30');
    assert.equal(((await refused.json()) as { code: string }).code, 'RESILIENCE_CIRCUIT_BREAKER_OPEN');
    assert.equal(app.get(CircuitBreakerRegistry).get('db').state, 'open');
  }));

test('a fallback answers, is told as an event, and every method is described', () =>
  withApplication(async (app) => {
    const kinds: string[] = [];
    app.get(ResilienceEvents).subscribe((event) => kinds.push(event.kind));

    const answer = await app.get(StockService).answered();

    assert.equal(answer, 'reserve');
    assert.deepEqual(kinds, ['fallback.served']);
    assert.equal(app.get(ResilienceExplorer).describe().length, 5);
  }));

test('an operator runs the policies of the application', () =>
  withApplication(async (app) => {
    let subscriptions = 0;
    const source = defer(() => {
      subscriptions += 1;
      return subscriptions < 3 ? throwError(() => new ServiceUnavailableException()) : of(1, 2);
    });

    const pipeline = app.get(ResilienceService).pipeline(AT_ONCE);
    const values = await lastValueFrom(source.pipe(withPipeline(pipeline), toArray()));

    assert.deepEqual(values, [1, 2]);
    assert.equal(subscriptions, 3);
  }));

test('the core door heals a function without Nest, by a clock of its own', async () => {
  const clock = new ManualClock();
  const load = createPolicies({ clock }).guard('load', { retry: { maxAttempts: 2 } });
  let executions = 0;

  const answer = load(async () => {
    executions += 1;
    if (executions < 2) throw new Error('not yet');
    return executions;
  });
  await clock.advance(1_000);

  assert.equal(await answer, 2);
});
