import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type CanActivate,
  type MiddlewareConsumer,
  type NestMiddleware,
  type NestModule,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Bulkhead,
  CallContext,
  CircuitBreaker,
  CircuitBreakerRegistry,
  Fallback,
  RateLimiter,
  ResilienceExplorer,
  ResilienceModule,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf, type World } from '../../../support/nest-applications.js';
import { NestLog } from '../../../support/nest-log.js';

function describedIn({ get }: World, operation: string) {
  return get(ResilienceExplorer)
    .describe()
    .filter((each) => each.operation === operation);
}

@Injectable()
class Everything {
  @Retryable({ name: 'stripe', maxDuration: '1m' })
  @CircuitBreaker({ name: 'db', slidingWindow: { type: 'time', size: '20s' } })
  @RateLimiter({ limit: 3, window: '1m' })
  @Bulkhead({ maxConcurrentCalls: 2, maxQueueSize: 1, maxWaitDuration: '3s' })
  @TimeLimiter({ attemptTimeout: '2s', totalTimeout: '10s' })
  async ask(): Promise<string> {
    return 'S';
  }
}

class NobodyCarries {
  @Bulkhead('elsewhere')
  @Retryable()
  async ask(): Promise<string> {
    return 'S';
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard implements CanActivate {
  @Retryable(AT_ONCE)
  async canActivate(): Promise<boolean> {
    return true;
  }
}

@Injectable()
class Middleware implements NestMiddleware {
  @Retryable(AT_ONCE)
  async use(_request: unknown, _response: unknown, next: () => void): Promise<void> {
    next();
  }
}

@Controller()
class Routes {
  @Get()
  @UseGuards(ScopedGuard)
  get(): string {
    return 'S';
  }
}

@Module({ controllers: [Routes] })
class RoutesModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(Middleware).forRoutes('*all');
  }
}

describe('describe()', () => {
  const applications = new Applications();

  it('gives resolved options in milliseconds', async () => {
    const options = {
      retries: { stripe: { maxAttempts: 4 } },
      circuitBreakers: { db: { failureThreshold: 7 } },
      overrides: { 'Everything.ask': { timeLimiter: { attemptTimeout: '1s' } } },
    } as const;
    const world = await applications.start({ providers: [Everything] }, options);

    const [method] = describedIn(world, 'Everything.ask');

    expect(method).toMatchObject({
      wired: true,
      kind: 'promise',
      pipeline: ['totalTimeout', 'retry', 'circuitBreaker', 'rateLimiter', 'attemptTimeout', 'bulkhead'],
    });
    expect(method?.options).toMatchObject({
      retry: { maxAttempts: 4, maxDurationMs: 60_000 },
      circuitBreaker: {
        name: 'db',
        failureThreshold: 7,
        slidingWindow: { type: 'time', sizeMs: 20_000 },
        maxWaitInHalfOpenStateMs: 60_000,
      },
      rateLimiter: { limit: 3, windowMs: 60_000, type: 'rolling', maxWaitDurationMs: 0 },
      bulkhead: { maxConcurrentCalls: 2, maxQueueSize: 1, maxWaitDurationMs: 3_000 },
      timeLimiter: { attemptTimeoutMs: 1_000, totalTimeoutMs: 10_000 },
    });
  });

  it('tells of methods that nothing here carries, and makes nothing of theirs', async () => {
    const retries = { stripe: {} };
    const world = await applications.start({ providers: [Everything] }, { retries });

    const [method, ...more] = describedIn(world, 'NobodyCarries.ask');

    expect(() => world.get(NobodyCarries)).toThrow();
    expect(more).toEqual([]);
    expect(method).toMatchObject({ wired: false, pipeline: ['retry', 'bulkhead'] });
    expect(world.get(CircuitBreakerRegistry).names()).toEqual(['db']);
  });

  it('has enhancers, middleware and request-scoped classes in it', async () => {
    const world = await applications.listen('Express', { imports: [RoutesModule] });

    expect(describedIn(world, 'ScopedGuard.canActivate')).toMatchObject([{ wired: true }]);
    expect(describedIn(world, 'Middleware.use')).toMatchObject([{ wired: true }]);
    expect(await (await fetch(world.address)).text()).toBe('S');
  });
});

describe('the log at boot', () => {
  const applications = new Applications();

  class Payments {
    @CircuitBreaker('db')
    @Retryable(AT_ONCE)
    async charge(): Promise<string> {
      return 'S';
    }

    @Bulkhead(3)
    async refund(): Promise<string> {
      return 'S';
    }
  }

  async function logOf(options: { readonly logger?: boolean }): Promise<NestLog> {
    const log = new NestLog();
    const imports = [ResilienceModule.forRoot(options)];
    const building = Test.createTestingModule({ imports, providers: [Payments] }).setLogger(log);
    const module = applications.keep(await building.compile());
    await module.init();
    await module.get(Payments).charge();
    await module.get(Payments).refund();
    return log;
  }

  it('NI-63: has one line for each method, once', async () => {
    const log = await logOf({});

    expect(log.of('debug')).toEqual(['Payments.charge: retry → circuitBreaker', 'Payments.refund: bulkhead']);
  });

  it('NI-63: has none with logger: false', async () => {
    const log = await logOf({ logger: false });

    expect(log.lines.filter(({ context }) => context === 'Resilience')).toEqual([]);
  });
});

describe('the kill switch', () => {
  const applications = new Applications();

  class Payments {
    readonly backend = new Backend('F');
    readonly contexts: (CallContext | undefined)[] = [];

    @Retryable(AT_ONCE)
    @CircuitBreaker('db')
    @Bulkhead(1)
    @RateLimiter({ limit: 1, window: '1m' })
    @Fallback({ value: 'reserve' })
    async charge(_amount: number, @CallContext() call?: CallContext): Promise<string> {
      this.contexts.push(call);
      return this.backend.next();
    }

    @Retryable(AT_ONCE)
    @CircuitBreaker('db')
    async bare(@CallContext() call?: CallContext): Promise<string> {
      this.contexts.push(call);
      return this.backend.next();
    }

    @Retryable(AT_ONCE)
    async wrong(): Promise<string> {
      return 'S';
    }
  }

  it('NI-47: runs once, with the context, and the fallback answers', async () => {
    const { get, events } = await applications.start({ providers: [Payments] }, { enabled: false });
    const payments = get(Payments);

    expect(await payments.charge(1)).toBe('reserve');
    expect(await outcomeOf(() => payments.bare())).toEqual({ error: payments.backend.errors[1] });

    expect(payments.backend.runs).toBe(2);
    expect(payments.contexts).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
    expect(payments.contexts.map((call) => call?.signal.aborted)).toEqual([false, false]);
    expect(events.kinds).toEqual(['fallback.served']);
  });

  it('NI-47: after 100 failures the breaker is closed', async () => {
    const { get, events } = await applications.start({ providers: [Payments] }, { enabled: false });
    for (let call = 0; call < 100; call += 1) await outcomeOf(() => get(Payments).bare());

    expect(get(Payments).backend.runs).toBe(100);
    expect(get(CircuitBreakerRegistry).get('db').state).toBe('closed');
    expect(events.all).toEqual([]);
  });

  it('NI-47: options are checked all the same', async () => {
    const overrides = { 'Payments.wrong': { retry: { maxAttempts: 0 } } };
    const starting = applications.start({ providers: [Payments] }, { enabled: false, overrides });

    await expect(starting).rejects.toThrow(/^Payments\.wrong: retry\.maxAttempts/);
  });
});
