import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Bulkhead,
  BulkheadRegistry,
  Chaos,
  CircuitBreaker,
  CircuitBreakerRegistry,
  Fallback,
  RateLimiter,
  RateLimiterRegistry,
  ResilienceExplorer,
  ResilienceModule,
  ResilienceService,
  Retryable,
  RetryBudgetRegistry,
  TimeLimiter,
} from 'nestjs-selfheal';
import type { ResilienceTestingOptions } from 'nestjs-selfheal/testing';
import { Gate } from '../../../support/idempotency-world.js';
import { Applications, Backend, outcomeOf } from '../../../support/nest-applications.js';

const NOW = { type: 'fixed', initialDelay: 0 } as const;
let backend: Backend;
let gate: Gate<string>;

beforeEach(() => {
  backend = new Backend('F');
  gate = new Gate();
});

@Injectable()
class Payments {
  @Retryable({ budget: false, backoff: NOW })
  async charge(): Promise<string> {
    return backend.ask();
  }

  @Retryable({ name: 'patient', budget: false, backoff: NOW })
  async patient(): Promise<string> {
    return backend.ask();
  }

  @Retryable({ budget: 'payments', maxAttempts: 100, backoff: { type: 'fixed', initialDelay: 0 } })
  async budgeted(): Promise<string> {
    return backend.ask();
  }

  @CircuitBreaker('db')
  async query(): Promise<string> {
    return backend.ask();
  }

  @CircuitBreaker()
  async own(): Promise<string> {
    return backend.ask();
  }

  @Bulkhead('narrow')
  async narrow(): Promise<string> {
    return gate.promise;
  }

  @RateLimiter('calls')
  async limited(): Promise<string> {
    return 'S';
  }

  @TimeLimiter('1s')
  @Fallback({ lastGood: { maxAge: '1h' } })
  async remembered(): Promise<string> {
    return backend.ask();
  }
}

const BASE = {
  retries: { patient: { maxAttempts: 4 } },
  circuitBreakers: { db: { failureThreshold: 2, waitDurationInOpenState: '10s' } },
  bulkheads: { narrow: { maxConcurrentCalls: 1, maxQueueSize: 5 } },
  rateLimiters: { calls: { limit: 1, window: '1m' } },
  retryBudgets: { payments: { capacity: 5, ratio: 0, minRetriesPerSecond: 0 } },
} as const satisfies ResilienceTestingOptions;

describe('options that are replaced while the application runs', () => {
  const applications = new Applications();

  async function start(options: ResilienceTestingOptions = BASE) {
    const world = await applications.start({ providers: [Payments] }, options);
    const service = world.get(ResilienceService);
    return { ...world, service, payments: world.get(Payments) };
  }

  const runsOf = async (call: () => Promise<unknown>): Promise<number> => {
    const before = backend.runs;
    await outcomeOf(call);
    return backend.runs - before;
  };

  it('hold from the next call on, in the order of precedence', async () => {
    const { service, payments } = await start();
    const override = { 'Payments.charge': { retry: { maxAttempts: 6 } } };

    const runs = [await runsOf(() => payments.charge())];
    service.reconfigure({ ...BASE, defaults: { retry: { maxAttempts: 2 } } });
    runs.push(await runsOf(() => payments.charge()));
    service.reconfigure({ ...BASE, defaults: { retry: { maxAttempts: 2 } }, overrides: override });
    runs.push(await runsOf(() => payments.charge()));
    service.reconfigure(BASE);
    runs.push(await runsOf(() => payments.charge()));

    expect(runs).toEqual([3, 2, 6, 3]);
  });

  it('change a named retry for all that name it', async () => {
    const { service, payments } = await start();

    const before = await runsOf(() => payments.patient());
    service.reconfigure({ ...BASE, retries: { patient: { maxAttempts: 2 } } });
    const after = await runsOf(() => payments.patient());

    expect([before, after]).toEqual([4, 2]);
  });

  it('leave a breaker in its state, and give it its new limits', async () => {
    const { service, payments, get } = await start();
    const breaker = get(CircuitBreakerRegistry).get('db');
    await runsOf(() => payments.query());

    service.reconfigure({ ...BASE, circuitBreakers: { db: { failureThreshold: 3 } } });
    const second = await runsOf(() => payments.query());
    const state = breaker.state;
    await runsOf(() => payments.query());
    const refused = await runsOf(() => payments.query());

    expect([second, state, breaker.state, refused]).toEqual([1, 'closed', 'open', 0]);
    expect(get(CircuitBreakerRegistry).get('db')).toBe(breaker);
  });

  it('leave an open breaker open until the wait that it opened with is over', async () => {
    const { service, payments, get, clock } = await start();
    await runsOf(() => payments.query());
    await runsOf(() => payments.query());

    service.reconfigure({ ...BASE, circuitBreakers: { db: { waitDurationInOpenState: '1s' } } });
    await clock.advance(9_000);
    const early = await runsOf(() => payments.query());
    await clock.advance(1_000);
    const probe = await runsOf(() => payments.query());

    expect([early, probe]).toEqual([0, 1]);
    // It failed: from now on the new wait holds.
    expect(get(CircuitBreakerRegistry).get('db').snapshot().retryAfterMs).toBe(1_000);
  });

  it('leave the breaker of one method in its state, under other defaults', async () => {
    const { service, payments, get } = await start();
    for (let call = 0; call < 4; call += 1) await runsOf(() => payments.own());

    service.reconfigure({ ...BASE, defaults: { circuitBreaker: { failureThreshold: 6 } } });
    const counted = get(CircuitBreakerRegistry).get('Payments.own').snapshot().consecutiveFailures;
    await runsOf(() => payments.own());
    const { state } = get(CircuitBreakerRegistry).get('Payments.own');
    await runsOf(() => payments.own());

    expect([counted, state]).toEqual([4, 'closed']);
    expect(get(CircuitBreakerRegistry).get('Payments.own').state).toBe('open');
    expect(get(CircuitBreakerRegistry).names()).toEqual(['db', 'Payments.own']);
  });

  it('change a budget at once, which keeps its balance as far as it may hold it', async () => {
    const { service, payments, get } = await start();
    await runsOf(() => payments.budgeted());
    const spent = get(RetryBudgetRegistry).get('payments').balance;

    const retryBudgets = { payments: { capacity: 8, ratio: 0, minRetriesPerSecond: 2 } };
    service.reconfigure({ ...BASE, retryBudgets });
    const atOnce = await runsOf(() => payments.budgeted());

    expect([spent, atOnce]).toEqual([0, 1]);
    expect(get(RetryBudgetRegistry).get('payments').snapshot().capacity).toBe(8);
  });

  it('let calls that wait in a bulkhead start where there are more places now', async () => {
    const { service, payments, get, clock } = await start();
    const calls = [payments.narrow(), payments.narrow(), payments.narrow()];
    await clock.settle();
    const before = get(BulkheadRegistry).get('narrow').snapshot();

    service.reconfigure({ ...BASE, bulkheads: { narrow: { maxConcurrentCalls: 2, maxQueueSize: 5 } } });
    const after = get(BulkheadRegistry).get('narrow').snapshot();
    gate.open('S');

    expect(before).toMatchObject({ inUse: 1, queued: 2 });
    expect(after).toMatchObject({ inUse: 2, queued: 1 });
    expect(await Promise.all(calls)).toEqual(['S', 'S', 'S']);
    expect(get(BulkheadRegistry).get('narrow').snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('change a limit at once, with what was used of it', async () => {
    const { service, payments, get } = await start();
    await payments.limited();
    const refused = await outcomeOf(() => payments.limited());

    service.reconfigure({ ...BASE, rateLimiters: { calls: { limit: 2, window: '1m' } } });
    const second = await payments.limited();
    const third = await outcomeOf(() => payments.limited());

    expect(refused.error).toMatchObject({ code: 'RESILIENCE_RATE_LIMIT_EXCEEDED' });
    expect(second).toBe('S');
    expect(third.error).toMatchObject({ code: 'RESILIENCE_RATE_LIMIT_EXCEEDED' });
    expect(get(RateLimiterRegistry).get('calls').snapshot().limit).toBe(2);
  });

  it('leave a call under way as it began', async () => {
    const { service, payments, clock } = await start({
      ...BASE,
      overrides: { 'Payments.charge': { retry: { backoff: { initialDelay: '1s', jitter: 'none' } } } },
    });
    const before = backend.runs;
    const call = outcomeOf(() => payments.charge());
    await clock.settle();

    service.reconfigure({ ...BASE, enabled: false });
    await clock.advance(10_000);
    await call;

    expect(backend.runs - before).toBe(3);
    expect(await runsOf(() => payments.charge())).toBe(1);
  });

  it('switch all policies off and on, fallbacks aside, and what was remembered stays', async () => {
    const { service, payments } = await start();
    backend = new Backend('S,F');
    await payments.remembered();

    service.reconfigure({ ...BASE, enabled: false });
    const off = await runsOf(() => payments.charge());
    const remembered = await payments.remembered();
    service.reconfigure({ ...BASE, enabled: true });
    const on = await runsOf(() => payments.charge());

    expect([off, on, remembered]).toEqual([1, 3, 'S']);
  });

  it('take a policy away from a method and give it back', async () => {
    const { service, payments } = await start();

    service.reconfigure({ ...BASE, overrides: { 'Payments.charge': { retry: false } } });
    const without = await runsOf(() => payments.charge());
    service.reconfigure(BASE);
    const back = await runsOf(() => payments.charge());

    expect([without, back]).toEqual([1, 3]);
  });

  it('stay below what is said of a method while it runs', async () => {
    const { service, payments } = await start();
    const restore = service.override('Payments.charge', { retry: { maxAttempts: 5 } });

    service.reconfigure({ ...BASE, defaults: { retry: { maxAttempts: 2 } } });
    const overridden = await runsOf(() => payments.charge());
    restore();
    const restored = await runsOf(() => payments.charge());

    expect([overridden, restored]).toEqual([5, 2]);
  });

  it('hold for code that no decorator reaches, also for functions that were wrapped before', async () => {
    const { service } = await start();
    const policies = { retry: { budget: false, backoff: NOW } } as const;
    const wrapped = service.wrap(() => backend.ask(), policies);
    const handle = service.policy(policies);

    service.reconfigure({ ...BASE, defaults: { retry: { maxAttempts: 2 } } });
    const runs = [
      await runsOf(() => service.execute(policies, () => backend.ask())),
      await runsOf(() => wrapped()),
      await runsOf(() => handle.execute(() => backend.ask())),
    ];

    expect(runs).toEqual([2, 2, 2]);
  });

  it('add names, and take away those that nothing else names', async () => {
    const { service, get } = await start();
    const names = () => [...get(CircuitBreakerRegistry).names()].sort();

    service.reconfigure({ ...BASE, circuitBreakers: { mail: {} } });
    const withMail = names();
    await service.execute('mail', async () => 'S');
    service.reconfigure(BASE);
    const gone = await outcomeOf(() => service.execute('mail', async () => 'S'));

    expect(withMail).toEqual(['Payments.own', 'db', 'mail']);
    expect(names()).toEqual(['Payments.own', 'db']);
    expect(gone.error).toMatchObject({ code: 'RESILIENCE_INVALID_OPTIONS' });
  });

  it('close an open breaker that nothing names any more, for those who watch its state', async () => {
    const { service, get, events } = await start({ ...BASE, circuitBreakers: { mail: {} } });
    get(CircuitBreakerRegistry).get('mail').forceOpen();

    service.reconfigure(BASE);

    const last = events.of('circuit-breaker.state-changed').at(-1);
    expect(last).toMatchObject({ policy: 'mail', from: 'forced-open', to: 'closed' });
  });

  it('keep what features and decorators say of a shared object', async () => {
    const feature = ResilienceModule.forFeature({ circuitBreakers: { db: { minimumNumberOfCalls: 7 } } });
    const { app, get } = await applications.start({ imports: [feature], providers: [Payments] }, BASE);

    app.get(ResilienceService).reconfigure({ ...BASE, circuitBreakers: { db: { failureThreshold: 9 } } });

    const { options } = get(CircuitBreakerRegistry).get('db').gate;
    expect(options).toMatchObject({ minimumNumberOfCalls: 7, failureThreshold: 9 });
  });

  it('leave injected trouble around a method in its place', async () => {
    const { service, payments, get } = await start();
    backend = new Backend('S');
    get(Chaos).inject('Payments.charge', { errorRate: 1, error: () => new Error('injected'), seed: 1 });

    service.reconfigure({ ...BASE, defaults: { retry: { maxAttempts: 2 } } });
    const during = await outcomeOf(() => payments.charge());
    get(Chaos).clear();
    const after = await outcomeOf(() => payments.charge());

    expect(during.error).toMatchObject({ message: 'injected' });
    expect(after).toEqual({ value: 'S' });
  });

  it('take permits back from calls that began before: none is lost, none is given twice', async () => {
    const { service, payments, get, clock } = await start();
    const calls = [payments.narrow(), payments.narrow()];
    await clock.settle();

    service.reconfigure({ ...BASE, overrides: { 'Payments.narrow': { bulkhead: false } } });
    service.reconfigure({ ...BASE, bulkheads: { narrow: { maxConcurrentCalls: 1 } } });
    const full = await outcomeOf(() => payments.narrow());
    gate.open('S');
    await Promise.all(calls);

    expect(full.error).toMatchObject({ code: 'RESILIENCE_BULKHEAD_FULL' });
    expect(get(BulkheadRegistry).get('narrow').snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('change the budget of the whole application, and what is left out has its default again', async () => {
    const { service, get } = await start();
    const capacities = () => get(RetryBudgetRegistry).get().snapshot().capacity;

    service.reconfigure({ ...BASE, retryBudget: { capacity: 3 } });
    const changed = capacities();
    service.reconfigure(BASE);

    expect([changed, capacities()]).toEqual([3, 10]);
    // What it holds is never more than before: a larger account is filled by successes.
    expect(get(RetryBudgetRegistry).get().balance).toBe(3);
  });

  it('leave a state that was set by hand', async () => {
    const { service, payments, get } = await start();
    get(CircuitBreakerRegistry).get('db').forceOpen();

    service.reconfigure({ ...BASE, circuitBreakers: { db: { failureThreshold: 50 } } });

    expect(get(CircuitBreakerRegistry).get('db').state).toBe('forced-open');
    expect(await runsOf(() => payments.query())).toBe(0);
  });

  it('leave what was made by hand at run time', async () => {
    const { service, get } = await start();
    const made = get(CircuitBreakerRegistry).getOrCreate('by-hand', { failureThreshold: 1 });
    const budget = get(RetryBudgetRegistry).getOrCreate('by-hand', { capacity: 2 });

    service.reconfigure({ ...BASE, defaults: { circuitBreaker: { minimumNumberOfCalls: 3 } } });

    expect(get(CircuitBreakerRegistry).get('by-hand')).toBe(made);
    expect(made.gate.options).toMatchObject({ failureThreshold: 1, minimumNumberOfCalls: 3 });
    expect(get(RetryBudgetRegistry).get('by-hand')).toBe(budget);
  });

  it('are what describe() tells', async () => {
    const { service, get } = await start();

    service.reconfigure({ ...BASE, defaults: { retry: { maxAttempts: 2 } } });

    const charge = get(ResilienceExplorer)
      .describe()
      .find(({ operation }) => operation === 'Payments.charge');
    expect(charge?.options).toMatchObject({ retry: { maxAttempts: 2 } });
  });
});
