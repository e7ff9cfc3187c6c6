import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope, type Type } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitBreakerRegistry,
  Fallback,
  type FallbackHandler,
  ResilienceExplorer,
  type RetryOptions,
  Retryable,
} from 'nestjs-selfheal';
import type { ResilienceTestingOptions } from 'nestjs-selfheal/testing';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

let backend: Backend;

beforeEach(() => {
  backend = new Backend('F');
});

interface Payments {
  charge(): Promise<string>;
}

function payments(retry: RetryOptions | string): Type<Payments> {
  @Injectable()
  class PaymentsService implements Payments {
    @Retryable(retry)
    charge(): Promise<string> {
      return backend.ask();
    }
  }
  return PaymentsService;
}

function named(name: string, options: CircuitBreakerOptions | string): Type {
  const holder = class {
    async run(): Promise<string> {
      return backend.ask();
    }
  };
  Object.defineProperty(holder, 'name', { value: name });
  const descriptor = Object.getOwnPropertyDescriptor(holder.prototype, 'run') ?? {};
  CircuitBreaker(options)(holder.prototype, 'run', descriptor);
  Object.defineProperty(holder.prototype, 'run', descriptor);
  return holder;
}

const FIXED = { type: 'fixed', initialDelay: 0, jitter: 'none' } as const;

describe('where options come from', () => {
  const applications = new Applications();

  /** Executions of an always failing method. */
  async function executions(retry: RetryOptions | string, options: ResilienceTestingOptions = {}) {
    backend = new Backend('F');
    const client = payments(retry);
    const { get, clock } = await applications.start(
      { providers: [client] },
      { retryBudget: { capacity: 100 }, ...options },
    );
    const outcome = outcomeOf(() => get(client).charge());
    await clock.runAll();
    await outcome;
    return backend.runs;
  }

  it('NI-43: one option with two values stops the boot and names both places', async () => {
    const start = applications.start(
      { providers: [named('Orders', { name: 'db', failureThreshold: 3 })] },
      { circuitBreakers: { db: { failureThreshold: 5 } } },
    );

    await expect(start).rejects.toMatchObject({
      code: 'RESILIENCE_INVALID_OPTIONS',
      message: expect.stringMatching(/Orders\.run.*failureThreshold.*circuitBreakers\.db/s),
    });
  });

  it('NI-43: equal values, and fields that only one place gives, are laid together', async () => {
    const { get } = await applications.start(
      { providers: [named('Orders', { name: 'db', failureThreshold: 5 }), named('Items', 'db')] },
      { circuitBreakers: { db: { failureThreshold: 5, waitDurationInOpenState: '9s' } } },
    );

    const breaker = get(CircuitBreakerRegistry).get('db');
    for (let call = 0; call < 5; call += 1) await outcomeOf(() => breaker.execute(() => backend.ask()));

    expect(breaker.snapshot()).toMatchObject({ state: 'open', retryAfterMs: 9_000 });
  });

  it('CP-15: two methods that contradict each other stop the boot', async () => {
    const providers = [
      named('Orders', { name: 'db', failureThreshold: 3 }),
      named('Items', { name: 'db', failureThreshold: 4 }),
    ];

    await expect(applications.start({ providers })).rejects.toMatchObject({
      message: expect.stringMatching(/Items\.run.*failureThreshold.*Orders\.run/s),
    });
  });

  it('CP-15: a use that gives only the name is no contradiction', async () => {
    const providers = [named('Items', 'db'), named('Orders', { name: 'db', failureThreshold: 3 })];
    const { get } = await applications.start({ providers });
    const breaker = get(CircuitBreakerRegistry).get('db');

    for (let call = 0; call < 3; call += 1) await outcomeOf(() => breaker.execute(() => backend.ask()));

    expect(breaker.state).toBe('open');
  });

  it('CP-16: a name that nobody configured stops the boot, which names the known ones', async () => {
    const options = { retries: { stripe: {}, paypal: {} } };

    for (const retry of ['nope', { name: 'nope' }] as const) {
      await expect(applications.start({ providers: [payments(retry)] }, options)).rejects.toMatchObject({
        message: expect.stringMatching(/PaymentsService\.charge.*stripe, paypal.*nope/s),
      });
    }
  });

  it('NI-46: overrides over decorator over defaults over library', async () => {
    const defaults = { retry: { maxAttempts: 2, backoff: FIXED } };
    const overrides = { 'PaymentsService.charge': { retry: { maxAttempts: 6 } } };

    expect(await executions({ maxAttempts: 5 }, { defaults, overrides })).toBe(6);
    expect(await executions({ maxAttempts: 5 }, { defaults })).toBe(5);
    expect(await executions({}, { defaults })).toBe(2);
    expect(await executions({})).toBe(3);
  });

  it('NI-46: an override that fits no method gives one warning with the nearest name', async () => {
    const overrides = { 'PaymentService.charge': { retry: { maxAttempts: 6 } } };

    expect(await executions({}, { overrides, logger: true })).toBe(3);
    const warnings = applications.lines.own.filter((line) => line.includes("'PaymentService.charge'"));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('PaymentsService.charge');
  });

  it('NI-46: a named configuration stands over the defaults, in both forms', async () => {
    const options = { defaults: { retry: { maxAttempts: 2 } }, retries: { stripe: { maxAttempts: 4 } } };

    expect(await executions('stripe', options)).toBe(4);
    expect(await executions({ name: 'stripe', maxDuration: '1m' }, options)).toBe(4);
  });

  it('CP-13: the five places, strongest first', async () => {
    const defaults = { retry: { maxAttempts: 4 } };
    const retries = { card: { maxAttempts: 5 } };
    const overrides = { 'PaymentsService.charge': { retry: { maxAttempts: 7 } } };

    expect(await executions({ name: 'card', maxAttempts: 6 }, { defaults, retries, overrides })).toBe(7);
    expect(await executions({ name: 'card', maxAttempts: 6 }, { defaults, retries })).toBe(6);
    expect(await executions({ name: 'card' }, { defaults, retries })).toBe(5);
    expect(await executions({}, { defaults, retries })).toBe(4);
    expect(await executions({})).toBe(3);
  });

  it('CP-14: each field of the backoff has its own precedence', async () => {
    const client = payments({ maxAttempts: 6, backoff: { type: 'fixed', initialDelay: 50 } });
    const overrides = { 'PaymentsService.charge': { retry: { backoff: { initialDelay: 10 } } } };
    const { get } = await applications.start({ providers: [client] }, { overrides });

    const [described] = get(ResilienceExplorer).describe();

    expect(described?.options['retry']).toMatchObject({
      maxAttempts: 6,
      backoff: { type: 'fixed', initialDelayMs: 10 },
    });
  });

  it('CP-19: an instance outside of Nest runs its policies', async () => {
    backend = new Backend('F,F,S');
    const outside = new (payments(AT_ONCE))();

    expect(await outside.charge()).toBe('S');
    expect(backend.runs).toBe(3);
  });

  it('CP-17: the kill switch leaves one execution and the fallback, and no event', async () => {
    @Injectable()
    class Switched {
      @Fallback({ value: 'instead' })
      @Retryable(AT_ONCE)
      @CircuitBreaker()
      run(): Promise<string> {
        return backend.ask();
      }
    }
    const { get, events } = await applications.start({ providers: [Switched] }, { enabled: false });

    const answers = new Set<string>();
    for (let call = 0; call < 100; call += 1) answers.add(await get(Switched).run());

    expect([...answers]).toEqual(['instead']);
    expect(backend.runs).toBe(100);
    expect(events.kinds.filter((kind) => /breaker|retry/.test(kind))).toEqual([]);
  });
});

function fallingBack(
  handler: FallbackHandler,
  scope = Scope.DEFAULT,
): Type<{ read(user: string): Promise<string> }> {
  @Injectable({ scope })
  class Profiles {
    @Fallback(handler)
    read(_user: string): Promise<string> {
      return backend.ask();
    }
  }
  return Profiles;
}

describe('fallbacks of a class', () => {
  const applications = new Applications();

  it('NI-48: lastGood on a request-scoped class needs a key', async () => {
    const profiles = fallingBack({ lastGood: { maxAge: '5m' } }, Scope.REQUEST);

    await expect(applications.start({ providers: [profiles] })).rejects.toMatchObject({
      code: 'RESILIENCE_INVALID_OPTIONS',
      message: expect.stringMatching(/Profiles\.read.*key/s),
    });
  });

  it("NI-48: with a key by user, one user never gets another's value", async () => {
    backend = new Backend('S,F');
    const key = (user: unknown): string => String(user);
    const profiles = fallingBack({ lastGood: { maxAge: '5m', key } }, Scope.REQUEST);
    const { app } = await applications.start({ providers: [profiles] });
    const resolved = () => app.get(ModuleRef).resolve(profiles, ContextIdFactory.create(), { strict: false });

    const alice = await outcomeOf(async () => (await resolved()).read('alice'));
    const bob = await outcomeOf(async () => (await resolved()).read('bob'));
    const aliceAgain = await outcomeOf(async () => (await resolved()).read('alice'));

    expect(alice.value).toBe('S');
    expect(bob.error).toBe(backend.errors[0]);
    expect(aliceAgain.value).toBe('S');
  });

  it('LM-48: a handler that the class does not have stops the boot', async () => {
    await expect(applications.start({ providers: [fallingBack('nope')] })).rejects.toMatchObject({
      message: expect.stringMatching(/Profiles\.read.*nope/s),
    });
  });

  it('LM-48: a handler that is a member, and no method, stops the boot', async () => {
    @Injectable()
    class Cached {
      readonly cache = new Map<string, string>();

      @Fallback('cache')
      read(): Promise<unknown> {
        return backend.ask();
      }
    }

    await expect(applications.start({ providers: [Cached] })).rejects.toMatchObject({
      message: expect.stringMatching(/Cached\.read.*cache/s),
    });
  });

  it('LM-48: a private method is called on the instance with the arguments and the error', async () => {
    @Injectable()
    class Guarded {
      readonly label = 'mine';

      @Fallback('instead')
      run(_one: number, _two: number): Promise<unknown> {
        return backend.ask();
      }

      private instead(...args: unknown[]): unknown {
        return [this.label, ...args];
      }

      reachable(): unknown {
        return this.instead();
      }
    }
    const { get } = await applications.start({ providers: [Guarded] });

    const answer = await get(Guarded).run(1, 2);

    expect(answer).toEqual(['mine', 1, 2, backend.errors[0]]);
  });

  it('LM-52: a provider answers; a missing one stops the boot', async () => {
    const token = Symbol('QUOTES_FALLBACK');
    const profiles = fallingBack({ use: token });
    const provider = { provide: token, useValue: { fallback: () => 'from the provider' } };
    const { get } = await applications.start({ providers: [profiles, provider] });

    expect(await get(profiles).read('alice')).toBe('from the provider');
    await expect(applications.start({ providers: [profiles] })).rejects.toMatchObject({
      message: expect.stringMatching(/Profiles\.read.*QUOTES_FALLBACK/s),
    });
  });
});
