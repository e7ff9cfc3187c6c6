import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  CircuitBreaker,
  CircuitBreakerRegistry,
  Fallback,
  IdempotencyService,
  InvalidOptionsError,
  RateLimiter,
  ResilienceModule,
  ResilienceService,
  Retryable,
} from 'nestjs-selfheal';
import type { ResilienceTestingOptions } from 'nestjs-selfheal/testing';
import { Applications, outcomeOf } from '../../../support/nest-applications.js';

type Untyped = (options?: unknown) => MethodDecorator;

describe('options that the compiler would have refused', () => {
  const applications = new Applications();

  /** What the boot says of a method `Payments.charge` with this decorator. */
  async function messageFor(decorator: MethodDecorator): Promise<string> {
    class Payments {
      @decorator
      async charge(): Promise<void> {}
    }
    const { error } = await outcomeOf(() => applications.start({ providers: [Payments] }));
    expect(error).toBeInstanceOf(InvalidOptionsError);
    return (error as Error).message;
  }

  it.each<[Untyped, unknown, string]>([
    [Retryable as Untyped, 42, 'retry.options must be an object of options or a text, not empty, got 42'],
    [Retryable as Untyped, null, 'retry.options must be .*got null'],
    [Retryable as Untyped, [], 'retry.options must be .*got an array'],
    [CircuitBreaker as Untyped, '', 'circuitBreaker.options must be .*got ""'],
    [CircuitBreaker as Untyped, 7, 'circuitBreaker.options must be .*got 7'],
  ])('%p with %p stops the boot instead of meaning the defaults', async (decorator, options, expected) => {
    expect(await messageFor(decorator(options))).toMatch(new RegExp(`^Payments\\.charge: ${expected}`));
  });

  it('a rate limiter of nothing stops the boot instead of leaving the method unprotected', async () => {
    expect(await messageFor((RateLimiter as Untyped)())).toMatch(
      /^Payments\.charge: rateLimiter\.limit must be/,
    );
  });

  it('a fallback that names its own method stops the boot: it would call itself for ever', async () => {
    expect(await messageFor(Fallback('charge') as MethodDecorator)).toMatch(
      /^Payments\.charge: fallback\.handler .* itself/,
    );
  });

  it.each<[object, RegExp]>([
    [{ retrys: {} }, /^ResilienceModule: resilience\.retrys is not an option \(known: .*retries/],
    [{ logger: 'warn' }, /resilience\.logger must be true or false, got "warn"/],
    [{ httpErrors: 1 }, /resilience\.httpErrors must be true or false, got 1/],
    [{ circuitBreakers: { db: 5 } }, /resilience\.circuitBreakers\.db must be an object of options, got 5/],
    [{ retries: 'often' }, /resilience\.retries must be an object: options by name, got "often"/],
    [
      { retryBudget: { capacity: 0 } },
      /^retryBudget: retryBudget\.capacity must be a number at least 1, got 0/,
    ],
  ])('the module refuses %p', async (options, expected) => {
    const { error } = await outcomeOf(() => applications.start({}, options as ResilienceTestingOptions));

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect((error as Error).message).toMatch(expected);
  });

  it('an asynchronous factory that answers nothing stops the boot', async () => {
    const root = ResilienceModule.forRootAsync({ useFactory: (() => undefined) as never });

    const { error } = await outcomeOf(() => Test.createTestingModule({ imports: [root] }).compile());

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect((error as Error).message).toMatch(/^ResilienceModule: resilience\.options must be an object/);
  });

  it('a feature refuses what is no family of named policies', async () => {
    const feature = ResilienceModule.forFeature({ breakers: {} } as object);

    const { error } = await outcomeOf(() => applications.start({ imports: [feature] }));

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect((error as Error).message).toMatch(
      /forFeature\.breakers is not an option \(known: .*circuitBreakers/,
    );
  });

  it.each<
    [
      string,
      (
        service: ResilienceService,
        breaker: ReturnType<CircuitBreakerRegistry['get']>,
        given: never,
      ) => unknown,
    ]
  >([
    [
      'gateway: execute.fn',
      (service, _, given) => service.execute({ retry: {}, operation: 'gateway' }, given),
    ],
    ['gateway: wrap.fn', async (service, _, given) => service.wrap(given, { operation: 'gateway' })],
    ['gateway: execute.fn', (_, breaker, given) => breaker.execute(given)],
    ['whole.part: gather.part', (service, _, part) => service.gather({ part }, { operation: 'whole' })],
  ])('%s that is no function is refused, and nothing is recorded of it', async (field, call) => {
    const { get } = await applications.start({}, { circuitBreakers: { gateway: { failureThreshold: 1 } } });
    const breaker = get(CircuitBreakerRegistry).get('gateway');

    const { error } = await outcomeOf(async () => call(get(ResilienceService), breaker, 'charge' as never));

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect((error as Error).message).toBe(`${field} must be a function, got "charge"`);
    expect(breaker.state).toBe('closed');
  });

  it('a guarded run of what is no function is refused before it claims its key', async () => {
    const { get } = await applications.start({});
    const service = get(IdempotencyService);

    const { error } = await outcomeOf(() => service.run({ operation: 'pay', key: 'k' }, 5 as never));

    expect((error as Error).message).toBe('pay: run.fn must be a function, got 5');
    expect(await service.run({ operation: 'pay', key: 'k' }, () => 'paid')).toBe('paid');
  });
});
