import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Scope } from '@nestjs/common';
import {
  Bulkhead,
  CircuitBreaker,
  CircuitBreakerRegistry,
  Fallback,
  InvalidOptionsError,
  PolicyOrder,
  RateLimiter,
  ResilienceExplorer,
  Retryable,
  TimeLimiter,
  type DescribedMethod,
  type StepWord,
} from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf, type World } from '../../../support/nest-applications.js';

const CANONICAL: readonly StepWord[] = [
  'fallback',
  'totalTimeout',
  'retry',
  'circuitBreaker',
  'rateLimiter',
  'attemptTimeout',
  'bulkhead',
];

function described({ get }: World, operation: string): DescribedMethod | undefined {
  return get(ResilienceExplorer)
    .describe()
    .find((each) => each.operation === operation);
}

/** A generator that gives the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

/** What three failures and a fourth, that opens the breaker, are told as. */
const KINDS = [
  'retry.scheduled',
  'retry.scheduled',
  'retry.gave-up',
  'fallback.served',
  'circuit-breaker.state-changed',
  'retry.scheduled',
  'circuit-breaker.rejected',
  'retry.gave-up',
  'fallback.served',
] as const;

describe('the order of writing', () => {
  const applications = new Applications();
  const random = seeded(20);
  const DECORATORS: readonly MethodDecorator[] = [
    Fallback({ value: 'reserve' }),
    Retryable(AT_ONCE),
    CircuitBreaker({ failureThreshold: 4 }),
    TimeLimiter({ attemptTimeout: '1s', totalTimeout: '5s' }),
    Bulkhead({ maxConcurrentCalls: 2 }),
    RateLimiter({ limit: 100, window: '1m' }),
    Get('x'),
  ] as MethodDecorator[];

  function writtenIn(order: readonly MethodDecorator[], round: number) {
    class Mixed {
      readonly backend = new Backend('F');

      async ask(): Promise<string> {
        return this.backend.next();
      }
    }
    Object.defineProperty(Mixed, 'name', { value: `Mixed${round}` });
    const descriptor = Object.getOwnPropertyDescriptor(Mixed.prototype, 'ask') ?? {};
    for (const decorate of order) decorate(Mixed.prototype, 'ask', descriptor);
    Object.defineProperty(Mixed.prototype, 'ask', descriptor);
    Controller()(Mixed);
    return Mixed;
  }

  it('NI-20: 200 random ones give one pipeline, and one behaviour', async () => {
    const rounds = Array.from({ length: 200 }, (_, round) => round);
    const hosts = rounds.map((round) => writtenIn(shuffled(DECORATORS, random), round));
    const world = await applications.start({ controllers: hosts });
    const pipelines = world
      .get(ResilienceExplorer)
      .describe()
      .filter(({ wired }) => wired)
      .map(({ pipeline }) => pipeline);

    for (const host of hosts) {
      expect(await world.get(host).ask()).toBe('reserve');
      expect(await world.get(host).ask()).toBe('reserve');
    }

    expect(pipelines).toEqual(rounds.map(() => CANONICAL));
    expect(hosts.map((host) => world.get(host).backend.runs)).toEqual(rounds.map(() => 4));
    expect(hosts.map(({ prototype }): unknown => Reflect.getMetadata('path', prototype.ask))).toEqual(
      rounds.map(() => 'x'),
    );
    for (const { name } of hosts) {
      const events = world.events.all.filter(({ operation }) => operation === `${name}.ask`);
      // An alert is told of the hundredth give-up, whose method it names.
      const kinds = events.map(({ kind }) => kind).filter((kind) => kind !== 'alert.raised');
      expect(kinds).toEqual(KINDS);
    }
  }, 30_000);

  it('NI-20: two halves of a time limiter are one policy', async () => {
    class Halves {
      @TimeLimiter({ totalTimeout: '5s' })
      @Retryable(AT_ONCE)
      @TimeLimiter('1s')
      async ask(): Promise<string> {
        return 'S';
      }
    }
    const world = await applications.start({ providers: [Halves] });

    expect(described(world, 'Halves.ask')?.pipeline).toEqual(['totalTimeout', 'retry', 'attemptTimeout']);
    expect(described(world, 'Halves.ask')?.options).toMatchObject({
      timeLimiter: { attemptTimeoutMs: 1_000, totalTimeoutMs: 5_000 },
    });
  });
});

/** Replaces the method by one that counts; takes metadata and prototype over, as many do. */
function LogCalls(calls: string[]): MethodDecorator {
  return (_target, name, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    const logged = function (this: unknown, ...args: unknown[]): unknown {
      calls.push(String(name));
      return method.apply(this, args);
    };
    for (const key of Reflect.getMetadataKeys(method)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, method), logged);
    }
    Object.setPrototypeOf(logged, method);
    Object.assign(descriptor, { value: logged });
  };
}

const Marked: MethodDecorator = (_target, _name, descriptor) => {
  Reflect.defineMetadata('marked', true, descriptor.value as object);
};

describe('borders', () => {
  const applications = new Applications();

  it('NI-21: a foreign decorator that replaces the function splits the plan', async () => {
    const calls: string[] = [];
    class Bordered {
      readonly backend = new Backend('F,F,S');

      @Retryable(AT_ONCE)
      @LogCalls(calls)
      @CircuitBreaker('db')
      async ask(): Promise<string> {
        return this.backend.next();
      }
    }
    const world = await applications.start({ providers: [Bordered] });

    await world.get(Bordered).ask();

    expect(calls).toHaveLength(3);
    expect(world.get(CircuitBreakerRegistry).get('db').snapshot()).toMatchObject({ recordedCalls: 3 });
    expect(described(world, 'Bordered.ask')?.segments).toEqual([['retry'], ['circuitBreaker']]);
  });

  it('NI-21: outer and inner plan may have the same policy', async () => {
    const calls: string[] = [];
    class Bordered {
      readonly backend = new Backend('F');

      @Retryable({ ...AT_ONCE, maxAttempts: 2 })
      @LogCalls(calls)
      @Retryable(AT_ONCE)
      async ask(): Promise<string> {
        return this.backend.next();
      }
    }
    const world = await applications.start({ providers: [Bordered] });

    await outcomeOf(() => world.get(Bordered).ask());

    expect(calls).toHaveLength(2);
    expect(world.get(Bordered).backend.runs).toBe(6);
  });

  it('NI-21: one that only adds metadata is no border', async () => {
    class Together {
      @Retryable(AT_ONCE)
      @Marked
      @CircuitBreaker('db')
      async ask(): Promise<string> {
        return 'S';
      }
    }
    const world = await applications.start({ providers: [Together] });

    expect(described(world, 'Together.ask')?.segments).toEqual([['retry', 'circuitBreaker']]);
    expect(Reflect.getMetadata('marked', Together.prototype.ask)).toBe(true);
  });
});

describe('the order by hand', () => {
  const applications = new Applications();

  it('NI-22: the breaker around the retry records one failure', async () => {
    class Ordered {
      readonly backend = new Backend('F');

      @CircuitBreaker('db')
      @Retryable(AT_ONCE)
      @PolicyOrder('circuitBreaker', 'retry')
      async ask(): Promise<string> {
        return this.backend.next();
      }
    }
    const world = await applications.start({ providers: [Ordered] });

    await outcomeOf(() => world.get(Ordered).ask());

    expect(world.get(Ordered).backend.runs).toBe(3);
    expect(world.get(CircuitBreakerRegistry).get('db').snapshot()).toMatchObject({ failures: 1 });
    expect(described(world, 'Ordered.ask')?.pipeline).toEqual(['circuitBreaker', 'retry']);
  });

  it.each<[string, readonly string[]]>([
    ['one left out', ['retry']],
    ['a word that no step has', ['circuitBreaker', 'retry', 'bulkhead']],
    ['an unknown word', ['circuitBreaker', 'retry', 'everything']],
    ['one twice', ['circuitBreaker', 'retry', 'retry']],
    ['none', []],
  ])('NI-22: %s stops the boot, and the canonical order is shown', async (_, order) => {
    class Ordered {
      @CircuitBreaker('db')
      @Retryable(AT_ONCE)
      // The compiler knows the words; JavaScript does not.
      @PolicyOrder(...(order as readonly StepWord[]))
      async ask(): Promise<string> {
        return 'S';
      }
    }

    const { error } = await outcomeOf(() => applications.start({ providers: [Ordered] }));

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(String(error)).toMatch(/Ordered\.ask.*'retry', 'circuitBreaker'/);
  });

  it('NI-22: a time limiter with both limits is two steps', async () => {
    class Ordered {
      @TimeLimiter({ attemptTimeout: 10, totalTimeout: 20 })
      @Retryable(AT_ONCE)
      @PolicyOrder('retry', 'totalTimeout', 'attemptTimeout')
      async ask(): Promise<string> {
        return 'S';
      }
    }
    const world = await applications.start({ providers: [Ordered] });

    expect(described(world, 'Ordered.ask')?.pipeline).toEqual(['retry', 'totalTimeout', 'attemptTimeout']);
  });
});

describe('many instances', () => {
  const applications = new Applications();

  it('NI-23: share one plan, and each call has its own attempts', async () => {
    const backend = new Backend('F');
    class Scoped {
      @Retryable({ ...AT_ONCE, maxAttempts: 2 })
      @CircuitBreaker({ failureThreshold: false, failureRateThreshold: false })
      async ask(): Promise<string> {
        return backend.next();
      }
    }
    const provider = { provide: Scoped, useClass: Scoped, scope: Scope.REQUEST };
    const world = await applications.start({ providers: [provider] });
    const instances = await Promise.all(Array.from({ length: 1_000 }, () => world.app.resolve(Scoped)));

    for (let call = 0; call < 4; call += 1) {
      const before = backend.runs;
      await Promise.all(instances.map((each) => outcomeOf(() => each.ask())));
      expect(backend.runs - before).toBe(2_000);
    }

    expect(new Set(instances.map(({ ask }) => ask)).size).toBe(1);
    expect(world.get(CircuitBreakerRegistry).names()).toEqual(['Scoped.ask']);
  }, 30_000);
});
