import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Scope, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Bulkhead,
  CallContext,
  CircuitBreaker,
  Fallback,
  InvalidOptionsError,
  RateLimiter,
  Retryable,
} from 'nestjs-selfheal';
import { ResilienceTestingModule, type ResilienceTestingOptions } from 'nestjs-selfheal/testing';
import { Applications, Backend, outcomeOf } from '../../../support/nest-applications.js';

describe('the boot', () => {
  const applications = new Applications();

  async function refusalOf(metadata: ModuleMetadata, options?: ResilienceTestingOptions): Promise<Error> {
    const { error } = await outcomeOf(() => applications.start(metadata, options));
    expect(error).toBeInstanceOf(InvalidOptionsError);
    return error as Error;
  }

  it('NI-44: refuses a bad option of a request-scoped class that nobody has called', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Payments {
      @CircuitBreaker({ failureRateThreshold: 50 })
      async charge(): Promise<void> {}
    }

    const { message } = await refusalOf({ providers: [Payments] });

    expect(message).toMatch(/^Payments\.charge/);
    for (const part of ['failureRateThreshold', '50', 'did you mean 0.5?']) expect(message).toContain(part);
  });

  it('NI-44: rejects the first call where only compile() was called', async () => {
    class Payments {
      readonly backend = new Backend('S');

      @CircuitBreaker({ failureRateThreshold: 50 })
      async charge(): Promise<string> {
        return this.backend.next();
      }
    }
    const imports = [ResilienceTestingModule.forRoot()];
    const module = await Test.createTestingModule({ imports, providers: [Payments] }).compile();
    applications.keep(module);

    await expect(module.get(Payments).charge()).rejects.toThrow(/did you mean 0\.5\?/);

    expect(module.get(Payments).backend.runs).toBe(0);
  });

  class ShortForm {
    @Retryable('stirpe')
    async ask(): Promise<void> {}
  }
  class ByName {
    @Retryable({ name: 'stirpe' })
    async ask(): Promise<void> {}
  }
  class WithBudget {
    @Retryable({ budget: 'stirpe' })
    async ask(): Promise<void> {}
  }
  class WithoutLimit {
    @RateLimiter('stirpe')
    async ask(): Promise<void> {}
  }
  class NoMethod {
    @Fallback('nope')
    async ask(): Promise<void> {}

    instead(): void {}
  }
  class ToStringMethod {
    @Fallback('toString')
    async ask(): Promise<void> {}
  }
  class StripeReserve {}
  class NobodyProvides {
    @Fallback({ use: 'StripeReserv' })
    async ask(): Promise<void> {}
  }
  @Injectable({ scope: Scope.REQUEST })
  class ScopedReserve {}
  @Injectable()
  class ScopedByDependency {
    constructor(@Inject(ScopedReserve) readonly reserve: ScopedReserve) {}
  }
  @Injectable({ scope: Scope.TRANSIENT })
  class TransientReserve {}
  class UsesScoped {
    @Fallback({ use: ScopedReserve })
    async ask(): Promise<void> {}
  }
  class UsesScopedByDependency {
    @Fallback({ use: ScopedByDependency })
    async ask(): Promise<void> {}
  }
  class UsesTransient {
    @Fallback({ use: TransientReserve })
    async ask(): Promise<void> {}
  }

  it.each([
    ['a retry by its short form', ShortForm, /ask.*known: stripe.*"stirpe"/],
    ['a retry by its name', ByName, /ask.*known: stripe.*"stirpe"/],
    ['a budget', WithBudget, /ask.*known: default, stripe/],
    ['a rate limiter without a limit', WithoutLimit, /limit/],
    ['a method that the class does not have', NoMethod, /ask.*"nope".*known: ask, instead/],
    ['a method of every object', ToStringMethod, /ask.*"toString".*known: ask/],
    ['a token that nobody provides', NobodyProvides, /ask.*StripeReserv .*did you mean StripeReserve\?/],
    ['a request-scoped token', UsesScoped, /ask.*ScopedReserve, which is request-scoped/],
    [
      'one scoped by a dependency',
      UsesScopedByDependency,
      /ask.*ScopedByDependency, which is request-scoped/,
    ],
    ['a transient token', UsesTransient, /ask.*TransientReserve, which is transient/],
  ])('NI-45: refuses %s, and says what exists', async (_, host, message) => {
    const reserves = [StripeReserve, ScopedReserve, ScopedByDependency, TransientReserve];
    const options = { retries: { stripe: {} }, retryBudgets: { stripe: {} } };

    const refusal = await refusalOf({ providers: [host, ...reserves] }, options);

    expect(refusal.message).toMatch(message);
  });

  it('refuses a request-scoped class whose last good value has no key', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Profile {
      @Fallback({ lastGood: { maxAge: '5m' } })
      async read(): Promise<string> {
        return 'S';
      }
    }

    expect((await refusalOf({ providers: [Profile] })).message).toMatch(/^Profile\.read.*lastGood\.key/);
  });

  it('refuses @CallContext() on a method without any of ours', async () => {
    class Bare {
      async ask(@CallContext() _call?: CallContext): Promise<void> {}
    }

    expect((await refusalOf({ providers: [Bare] })).message).toMatch(/^Bare\.ask.*@CallContext/);
  });

  it.each<[string, ResilienceTestingOptions, RegExp]>([
    ['a default', { defaults: { retry: { maxAttempts: 0 } } }, /^defaults: retry\.maxAttempts/],
    ['a named option', { retries: { stripe: { maxAttempts: 0 } } }, /^retries\.stripe: retry\.maxAttempts/],
    [
      'a named breaker that nobody uses',
      { circuitBreakers: { db: { failureRateThreshold: 50 } } },
      /^circuitBreakers\.db: circuitBreaker\.failureRateThreshold/,
    ],
  ])('refuses %s of the module by its path', async (_, options, message) => {
    expect((await refusalOf({}, options)).message).toMatch(message);
  });

  it.each<[string, ResilienceTestingOptions, RegExp]>([
    [
      'breaker',
      { circuitBreakers: { db: { failureRateThreshold: 50 } } },
      /^circuitBreakers\.db: circuitBreaker\.failureRateThreshold/,
    ],
    ['bulkhead', { bulkheads: { db: { maxQueueSize: -1 } } }, /^bulkheads\.db: bulkhead\.maxQueueSize/],
    ['rate limiter', { rateLimiters: { db: { limit: 1.5 } } }, /^rateLimiters\.db: rateLimiter\.limit/],
    ['default', { defaults: { rateLimiter: { limit: 0 } } }, /^defaults: rateLimiter\.limit/],
  ])('N23: blames the module for its own %s, not a method that names it', async (_, options, message) => {
    class Client {
      @CircuitBreaker('db')
      @Bulkhead('db')
      @RateLimiter({ name: 'db', window: '1s' })
      async ask(): Promise<void> {}
    }

    expect((await refusalOf({ providers: [Client] }, options)).message).toMatch(message);
  });

  it('N23: a module may leave the rest of a rate limiter to the methods that name it', async () => {
    class Client {
      @RateLimiter({ name: 'db', window: '1s' })
      async ask(): Promise<string> {
        return 'S';
      }
    }
    const { get } = await applications.start({ providers: [Client] }, { rateLimiters: { db: { limit: 1 } } });

    expect(await get(Client).ask()).toBe('S');
  });

  it('refuses what a swept instance has written', async () => {
    class Client {
      @Retryable({ maxAttempts: 0 })
      async ask(): Promise<void> {}
    }
    const provider = { provide: 'client', useFactory: () => new Client() };

    expect((await refusalOf({ providers: [provider] })).message).toMatch(/^Client\.ask: retry\.maxAttempts/);
  });
});
