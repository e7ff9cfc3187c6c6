import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { context, type Span, trace, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Bulkhead, CircuitBreaker, Fallback, RateLimiter, Retryable } from 'nestjs-selfheal';
import {
  ResilienceOpenTelemetryModule,
  type ResilienceOpenTelemetryOptions,
} from 'nestjs-selfheal/opentelemetry';
import { Applications, Backend, outcomeOf, type World } from '../../../support/nest-applications.js';

let backend = new Backend('F');

@Injectable()
class Shop {
  @Retryable({ backoff: { type: 'fixed', initialDelay: 100, jitter: 'none' }, budget: false })
  async buy(who: string): Promise<string> {
    trace.getActiveSpan()?.addEvent(`run for ${who}`);
    return backend.ask();
  }

  @CircuitBreaker({ failureThreshold: 1, waitDurationInOpenState: '5s' })
  browse(): Promise<string> {
    return backend.ask();
  }

  @Bulkhead({ maxConcurrentCalls: 1 })
  pack(): Promise<never> {
    return new Promise(() => undefined);
  }

  @RateLimiter({ limit: 1, window: '1s' })
  async ship(): Promise<void> {}

  @Fallback({ value: 'none' })
  stock(): Promise<string> {
    return backend.ask();
  }
}

describe('spans', () => {
  const applications = new Applications();
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer: Tracer = provider.getTracer('test');

  beforeEach(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    backend = new Backend('F');
  });

  afterEach(() => {
    context.disable();
    exporter.reset();
  });

  const start = (options: ResilienceOpenTelemetryOptions = {}): Promise<World> =>
    applications.start({ providers: [Shop], imports: [ResilienceOpenTelemetryModule.forRoot(options)] });

  const inSpan = (name: string, fn: () => Promise<unknown>): Promise<unknown> =>
    tracer.startActiveSpan(name, async (span: Span) => {
      await outcomeOf(fn);
      span.end();
    });

  const spanOf = (name: string): ReadableSpan | undefined =>
    exporter.getFinishedSpans().find((span) => span.name === name);
  const eventsOf = (name: string) => spanOf(name)?.events.map((event) => [event.name, event.attributes]);

  it('shows each retry on the span of the call that is retried, also when two run at a time', async () => {
    const { get, clock } = await start();

    const both = Promise.all(['ann', 'bob'].map((who) => inSpan(who, () => get(Shop).buy(who))));
    await clock.runAll();
    await both;

    for (const who of ['ann', 'bob']) {
      expect(eventsOf(who)?.map(([name]) => name)).toEqual([
        `run for ${who}`,
        'resilience.retry.scheduled',
        `run for ${who}`,
        'resilience.retry.scheduled',
        `run for ${who}`,
      ]);
    }
    expect(eventsOf('ann')?.[3]).toEqual([
      'resilience.retry.scheduled',
      {
        'resilience.operation': 'Shop.buy',
        'resilience.policy': 'retry',
        'resilience.attempt': 2,
        'resilience.delay_ms': 100,
        'error.type': expect.any(String),
      },
    ]);
  });

  it('shows refusals and fallbacks', async () => {
    const { get } = await start();
    const shop = get(Shop);

    await inSpan('browse', async () => {
      await outcomeOf(() => shop.browse());
      await outcomeOf(() => shop.browse());
    });
    void shop.pack();
    await inSpan('pack', () => shop.pack());
    await shop.ship();
    await inSpan('ship', () => shop.ship());
    await inSpan('stock', () => shop.stock());

    const facts = (method: string, policy: string) => ({
      'resilience.operation': `Shop.${method}`,
      'resilience.policy': policy,
    });
    expect(eventsOf('browse')).toEqual([
      [
        'resilience.circuit-breaker.rejected',
        { ...facts('browse', 'Shop.browse'), 'resilience.retry_after_ms': 5_000 },
      ],
    ]);
    expect(eventsOf('pack')).toEqual([['resilience.bulkhead.rejected', facts('pack', 'Shop.pack')]]);
    expect(eventsOf('ship')).toEqual([
      [
        'resilience.rate-limiter.rejected',
        { ...facts('ship', 'Shop.ship'), 'resilience.retry_after_ms': 1_000 },
      ],
    ]);
    expect(eventsOf('stock')).toEqual([
      [
        'resilience.fallback.served',
        {
          ...facts('stock', 'fallback'),
          'resilience.fallback.source': 'value',
          'error.type': expect.any(String),
        },
      ],
    ]);
  });

  it('shows nothing where it is told not to, and needs no span', async () => {
    const { get, clock } = await start({ spanEvents: false });

    const call = inSpan('quiet', () => get(Shop).stock());
    await clock.runAll();
    await call;
    await get(Shop).stock();

    expect(eventsOf('quiet')).toEqual([]);
  });
});
