import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  CircuitBreaker,
  CircuitBreakerRegistry,
  InvalidOptionsError,
  PolicyOrder,
  ResilienceExplorer,
  ResilienceService,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { Observable } from 'rxjs';
import { Applications, AT_ONCE, outcomeOf } from '../../support/nest-applications.js';
import { httpError } from '../../support/retry-world.js';

@Injectable()
class Stock {
  runs = 0;

  @Retryable(AT_ONCE)
  @CircuitBreaker({ failureThreshold: 50 })
  async take(): Promise<string> {
    this.runs += 1;
    throw httpError(503);
  }

  @PolicyOrder('circuitBreaker', 'retry')
  @Retryable(AT_ONCE)
  @CircuitBreaker()
  async put(): Promise<string> {
    this.runs += 1;
    throw httpError(503);
  }

  @Retryable(AT_ONCE)
  watch(): Observable<never> {
    return new Observable((subscriber) => {
      this.runs += 1;
      subscriber.error(httpError(503));
    });
  }

  @TimeLimiter('1s')
  async look(): Promise<string> {
    return 'there';
  }
}

describe('one method, overridden while the application runs', () => {
  const applications = new Applications();

  async function given(options = {}) {
    const world = await applications.start({ providers: [Stock] }, options);
    const stock = world.get(Stock);
    const runsOf = async (method: 'take' | 'put'): Promise<number> => {
      stock.runs = 0;
      await outcomeOf(() => stock[method]());
      return stock.runs;
    };
    return { ...world, stock, runsOf, service: world.get(ResilienceService) };
  }

  it('has other attempts from the next call on, and its own again when that is ended', async () => {
    const { service, runsOf } = await given();
    expect(await runsOf('take')).toBe(3);

    const restore = service.override('Stock.take', { retry: { maxAttempts: 5 } });

    expect([await runsOf('take'), await runsOf('put')]).toEqual([5, 3]);
    restore();
    restore();
    expect(await runsOf('take')).toBe(3);
  });

  it('is stronger than the overrides of the module, field by field', async () => {
    const { service, get } = await given({ overrides: { 'Stock.take': { retry: { maxAttempts: 7 } } } });

    service.override('Stock.take', { retry: { budget: 'default' } });

    const described = get(ResilienceExplorer).describe();
    const take = described.find(({ operation }) => operation === 'Stock.take');
    expect(take?.options['retry']).toMatchObject({ maxAttempts: 7, budget: 'default' });
  });

  it('can do without a retry, and of several layers the last one wins, in whatever order they end', async () => {
    const { service, runsOf } = await given();
    const first = service.override('Stock.take', { retry: false });
    expect(await runsOf('take')).toBe(1);
    const second = service.override('Stock.take', { retry: { maxAttempts: 4 } });
    expect(await runsOf('take')).toBe(4);

    first();
    const afterFirst = await runsOf('take');
    second();

    expect([afterFirst, await runsOf('take')]).toEqual([4, 3]);
  });

  it('keeps its breaker, and what that has counted', async () => {
    const { service, runsOf, get } = await given();
    await runsOf('take');

    const restore = service.override('Stock.take', { retry: { maxAttempts: 2 } });
    await runsOf('take');
    restore();
    await runsOf('take');

    const registry = get(CircuitBreakerRegistry);
    expect(registry.names()).toEqual(['Stock.take', 'Stock.put']);
    expect(registry.get('Stock.take').snapshot()).toMatchObject({ failures: 8 });
  });

  it('can stand without its breaker, which goes on as it is', async () => {
    const { service, runsOf, get } = await given();
    get(CircuitBreakerRegistry).get('Stock.take').forceOpen();
    expect(await runsOf('take')).toBe(0);

    const restore = service.override('Stock.take', { circuitBreaker: false });
    const without = await runsOf('take');
    restore();

    expect([without, await runsOf('take')]).toEqual([3, 0]);
  });

  it('keeps the order that was stated by hand', async () => {
    const { service, get } = await given();

    service.override('Stock.put', { retry: { maxAttempts: 2 } });

    const put = get(ResilienceExplorer)
      .describe()
      .find(({ operation }) => operation === 'Stock.put');
    expect(put?.pipeline).toEqual(['circuitBreaker', 'retry']);
  });

  it('is overridden for streams as well; a call that is under way keeps what it has', async () => {
    const { service, stock } = await given();
    const early = stock.watch();
    service.override('Stock.watch', { retry: { maxAttempts: 2 } });

    await outcomeOf(
      () => new Promise((resolve, reject) => early.subscribe({ error: reject, complete: () => resolve(1) })),
    );
    const runsOfEarly = stock.runs;
    await outcomeOf(
      () =>
        new Promise((resolve, reject) =>
          stock.watch().subscribe({ error: reject, complete: () => resolve(1) }),
        ),
    );

    expect([runsOfEarly, stock.runs - runsOfEarly]).toEqual([3, 2]);
  });

  it.each([
    ['Stock.tale', { retry: false }, 'did you mean Stock.take?'],
    ['Stock.look', { retry: { maxAttempts: 2 } }, 'no such policy'],
    ['Stock.take', { retry: { maxAttempts: 0 } }, 'maxAttempts'],
    ['Stock.take', { retries: { maxAttempts: 2 } }, 'is not an option'],
    ['Stock.take', { circuitBreaker: { failureThreshold: 2 } }, 'registry'],
  ] as const)('refuses %s with %j, and nothing has changed', async (name, overrides, words) => {
    const { service, runsOf } = await given();

    // A caller without types.
    const attempt = (): unknown => service.override(name, overrides as object);

    expect(attempt).toThrow(InvalidOptionsError);
    expect(attempt).toThrow(words);
    expect(await runsOf('take')).toBe(3);
  });

  it('is warned of at boot where the module overrides a method that nobody knows', async () => {
    await given({ logger: true, overrides: { 'Stock.tale': { retry: false } } });

    expect(applications.lines.lines.join('\n')).toContain(
      "overrides['Stock.tale'] fits no decorated method (did you mean Stock.take?)",
    );
  });
});

describe('policies with other options for a call', () => {
  const applications = new Applications();
  const fixed = { type: 'fixed', initialDelay: 0 } as const;

  async function given() {
    const world = await applications.start(
      {},
      {
        retries: { stripe: { maxAttempts: 3, budget: false, backoff: fixed } },
        circuitBreakers: { stripe: { failureThreshold: 50 } },
      },
    );
    let runs = 0;
    const fail = async (): Promise<never> => {
      runs += 1;
      throw httpError(503);
    };
    const runsOf = async (call: () => unknown): Promise<number> => {
      runs = 0;
      await outcomeOf(call);
      return runs;
    };
    return { ...world, fail, runsOf, service: world.get(ResilienceService) };
  }

  it('with({…}) of a named policy: a policy of its own; the named one stays as it is', async () => {
    const { service, fail, runsOf } = await given();
    const stripe = service.policy('stripe');

    const patient = stripe.with({ retry: { maxAttempts: 6 } });
    const once = patient.with({ maxAttempts: 1 });

    expect(await runsOf(() => patient.execute(fail))).toBe(6);
    expect(await runsOf(() => once.execute(fail))).toBe(1);
    expect(await runsOf(() => stripe.execute(fail))).toBe(3);
    expect(await runsOf(() => service.execute('stripe', fail))).toBe(3);
  });

  it('shares the breaker of the named policy', async () => {
    const { service, fail, runsOf, get } = await given();

    await runsOf(() => service.policy('stripe').with({ maxAttempts: 2 }).execute(fail));
    await runsOf(() => service.execute('stripe', fail));

    expect(get(CircuitBreakerRegistry).get('stripe').snapshot()).toMatchObject({ failures: 5 });
  });

  it('takes policies away and adds others', async () => {
    const { service, fail, runsOf, clock } = await given();
    const changed = service.policy('stripe').with({ retry: false, timeLimiter: '50ms' });
    const hang = changed.execute(() => new Promise<never>(() => undefined));
    const outcome = outcomeOf(() => hang);

    await clock.advance(50);

    expect((await outcome).error).toMatchObject({ code: 'RESILIENCE_TIMEOUT_EXCEEDED' });
    expect(await runsOf(() => changed.execute(fail))).toBe(1);
  });

  it('refuses to change what is shared', async () => {
    const { service } = await given();

    const change = (): unknown => service.policy('stripe').with({ circuitBreaker: { failureThreshold: 2 } });

    expect(change).toThrow(InvalidOptionsError);
    expect(change).toThrow('is shared');
  });

  it('one call: execute with overrides', async () => {
    const { service, fail, runsOf } = await given();

    expect(await runsOf(() => service.execute('stripe', fail, { overrides: { maxAttempts: 2 } }))).toBe(2);
    expect(await runsOf(() => service.execute('stripe', fail, { overrides: { retry: false } }))).toBe(1);
    expect(await runsOf(() => service.execute('stripe', fail))).toBe(3);
  });

  it('wraps functions and iterates attempts too', async () => {
    const { service, fail, runsOf } = await given();
    const twice = service.policy('stripe').with({ maxAttempts: 2 });

    const wrapped = twice.wrap(fail);
    const loop = async (): Promise<void> => {
      for await (const attempt of twice.attempts()) await attempt.run(fail);
    };

    expect(wrapped.name).toBe('fail');
    expect(await runsOf(wrapped)).toBe(2);
    expect(await runsOf(loop)).toBe(2);
  });
});
