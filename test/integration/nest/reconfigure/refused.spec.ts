import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Bulkhead,
  CircuitBreaker,
  CircuitBreakerRegistry,
  InvalidOptionsError,
  MemoryIdempotencyStore,
  RateLimiter,
  type ResilienceModuleOptions,
  ResilienceService,
  Retryable,
  RetryBudgetRegistry,
} from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { Applications, Backend, outcomeOf } from '../../../support/nest-applications.js';

let backend: Backend;

beforeEach(() => {
  backend = new Backend('F');
});

@Injectable()
class Payments {
  @Retryable({ name: 'patient', budget: 'payments', backoff: { type: 'fixed', initialDelay: 0 } })
  async charge(): Promise<string> {
    return backend.ask();
  }

  @CircuitBreaker({ name: 'db', failureThreshold: 2 })
  async query(): Promise<string> {
    return backend.ask();
  }

  @Bulkhead('narrow')
  @RateLimiter('calls')
  async limited(): Promise<string> {
    return 'S';
  }
}

const BASE = {
  retries: { patient: { maxAttempts: 2 } },
  circuitBreakers: { db: { minimumNumberOfCalls: 5 } },
  bulkheads: { narrow: { maxConcurrentCalls: 3 } },
  rateLimiters: { calls: { limit: 10, window: '1m' } },
  retryBudgets: { payments: { capacity: 7 } },
} as const satisfies ResilienceModuleOptions;

/** What is wrong with each of these, and where the message says that it is. */
const BAD: readonly (readonly [what: string, options: object, place: RegExp])[] = [
  ['an option that does not exist', { retrys: {} }, /retrys/],
  ['a percentage', { ...BASE, circuitBreakers: { db: { failureRateThreshold: 50 } } }, /did you mean 0\.5/],
  ['a default', { ...BASE, defaults: { retry: { maxAttempts: 0 } } }, /maxAttempts/],
  ['a policy of the defaults', { ...BASE, defaults: { retires: {} } }, /defaults\.retires/],
  ['a named retry', { ...BASE, retries: { patient: { maxAttempts: 1.5 } } }, /retries\.patient/],
  ['a budget', { ...BASE, retryBudgets: { payments: { capacity: 0 } } }, /retryBudgets\.payments/],
  ['the default budget', { ...BASE, retryBudget: { ratio: -1 } }, /retryBudget/],
  ['a bulkhead', { ...BASE, bulkheads: { narrow: { maxConcurrentCalls: 0 } } }, /maxConcurrentCalls/],
  ['a limit', { ...BASE, rateLimiters: { calls: { limit: 0, window: '1m' } } }, /limit/],
  ['what is no object', { ...BASE, bulkheads: { narrow: 5 } }, /bulkheads\.narrow/],
  ['the switch', { ...BASE, enabled: 'no' }, /enabled/],
  ['a retry that is gone', { ...BASE, retries: {} }, /Payments\.charge.*retry of the module/],
  ['a budget that is gone', { ...BASE, retryBudgets: {} }, /Payments\.charge.*budget of the module/],
  ['a limiter without a limit', { ...BASE, rateLimiters: {} }, /limit/],
  [
    'an option with two values',
    { ...BASE, circuitBreakers: { db: { failureThreshold: 3 } } },
    /Payments\.query/,
  ],
  ['a key for a breaker in use', { ...BASE, circuitBreakers: { db: { key: () => 'a' } } }, /key/],
  ['an idle override', { ...BASE, overrides: { 'Payments.charge': { hedge: {} } } }, /hedge/],
  [
    'an override of what is shared',
    { ...BASE, overrides: { 'Payments.query': { circuitBreaker: {} } } },
    /shared/,
  ],
  [
    'an override',
    { ...BASE, overrides: { 'Payments.charge': { retry: { maxAttempts: -1 } } } },
    /Payments\.charge/,
  ],
  ['another clock', { ...BASE, clock: new ManualClock() }, /clock.*while the application runs/],
  ['another store', { ...BASE, idempotency: { store: new MemoryIdempotencyStore() } }, /idempotency.*while/],
  ['other alerts', { ...BASE, alerts: { giveUps: 3 } }, /alerts.*while the application runs/],
  ['another mapping of errors', { ...BASE, httpErrors: false }, /httpErrors.*while the application runs/],
  ['nothing', undefined as unknown as object, /options/],
];

describe('a set of options that cannot be meant', () => {
  const applications = new Applications();

  async function start() {
    const world = await applications.start({ providers: [Payments] }, BASE);
    const service = world.get(ResilienceService);
    const stateOf = () => ({
      breakers: world.get(CircuitBreakerRegistry).list(),
      options: world.get(CircuitBreakerRegistry).get('db').gate.options,
      budgets: world.get(RetryBudgetRegistry).list(),
    });
    return { ...world, service, payments: world.get(Payments), stateOf };
  }

  it.each(BAD)('is refused whole, the old one stays: %s', async (_, options, place) => {
    const { service, payments, stateOf, events } = await start();
    await outcomeOf(() => payments.query());
    const before = stateOf();
    events.clear();

    const refusal = await outcomeOf(() => service.reconfigure(options));

    expect(refusal.error).toBeInstanceOf(InvalidOptionsError);
    expect(refusal.error).toMatchObject({ message: expect.stringMatching(place) });
    expect(stateOf()).toEqual(before);
    expect(events.kinds).toEqual([]);
    const runs = backend.runs;
    await outcomeOf(() => payments.charge());
    expect(backend.runs - runs).toBe(2);
    expect(await payments.limited()).toBe('S');
  });

  it('is refused for what comes last in it as well: nothing of what came before is in force', async () => {
    const { service, stateOf } = await start();
    const before = stateOf();

    const refusal = await outcomeOf(() =>
      service.reconfigure({
        ...BASE,
        circuitBreakers: { db: { minimumNumberOfCalls: 9 }, mail: {} },
        retryBudgets: { payments: { capacity: 70 } },
        overrides: { 'Payments.charge': { retry: { maxAttempts: 0 } } },
      }),
    );

    expect(refusal.error).toBeInstanceOf(InvalidOptionsError);
    expect(stateOf()).toEqual(before);
  });
});
