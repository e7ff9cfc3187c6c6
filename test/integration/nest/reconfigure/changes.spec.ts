import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  CircuitBreaker,
  ResilienceEvents,
  ResilienceService,
  Retryable,
  RetryBudgetRegistry,
} from 'nestjs-selfheal';
import type { ResilienceTestingOptions } from 'nestjs-selfheal/testing';
import { Applications, outcomeOf } from '../../../support/nest-applications.js';

@Injectable()
class Payments {
  @Retryable()
  @CircuitBreaker('db')
  async charge(): Promise<string> {
    return 'S';
  }
}

describe('what was replaced', () => {
  const applications = new Applications();

  async function start(options: ResilienceTestingOptions = {}) {
    const world = await applications.start({ providers: [Payments] }, options);
    return { ...world, service: world.get(ResilienceService) };
  }

  it('is told once, option by option, with what held before', async () => {
    const { service, events } = await start({
      circuitBreakers: { db: { failureThreshold: 5 } },
      retryBudget: { capacity: 20 },
    });

    const changes = service.reconfigure({
      circuitBreakers: { db: { failureThreshold: 3 } },
      overrides: { 'Payments.charge': { retry: { maxAttempts: 2 } } },
    });

    expect(changes).toEqual([
      { path: 'circuitBreakers.db.failureThreshold', before: 5, after: 3 },
      { path: 'retryBudget.capacity', before: 20, after: undefined },
      { path: "overrides['Payments.charge'].retry.maxAttempts", before: undefined, after: 2 },
    ]);
    expect(events.of('configuration.changed')).toEqual([
      {
        kind: 'configuration.changed',
        operation: 'ResilienceModule',
        policy: 'configuration',
        changes,
        timestampMs: expect.any(Number),
      },
    ]);
  });

  it('is nothing where the same is said again, in another order and with other objects', async () => {
    const { service, events } = await start({ retryBudget: { capacity: 20 }, enabled: true });

    const changes = service.reconfigure({ enabled: true, retryBudget: { capacity: 20 } });

    expect(changes).toEqual([]);
    expect(events.of('configuration.changed')).toEqual([]);
  });

  it('is told where the very object of the boot has been written to', async () => {
    const options: { retryBudget: { capacity: number } } = { retryBudget: { capacity: 20 } };
    const { service } = await start(options);

    options.retryBudget.capacity = 30;
    const changes = service.reconfigure(options);

    expect(changes).toEqual([{ path: 'retryBudget.capacity', before: 20, after: 30 }]);
  });

  it('leaves out what belongs to the boot, which may be said again', async () => {
    const { service } = await start({ httpErrors: false, alerts: { giveUps: 5 } });

    const changes = service.reconfigure({ httpErrors: false, alerts: { giveUps: 5 }, enabled: false });

    expect(changes).toEqual([{ path: 'enabled', before: true, after: false }]);
  });

  it('is in force when it is told, and a listener may replace it again', async () => {
    const { service, get, events } = await start();
    const capacities: number[] = [];
    get(ResilienceEvents).subscribe(({ kind }) => {
      if (kind !== 'configuration.changed') return;
      capacities.push(get(RetryBudgetRegistry).get().snapshot().capacity);
      if (capacities.length === 1) service.reconfigure({ retryBudget: { capacity: 3 } });
    });

    service.reconfigure({ retryBudget: { capacity: 2 } });

    const told = events.of('configuration.changed').map(({ changes }) => changes.map(({ after }) => after));
    expect(told).toEqual([[2], [3]]);
    expect(capacities).toEqual([2, 3]);
  });

  it('is one line in the log, and a key that fits no method is warned of', async () => {
    const { service } = await start({ logger: true });

    service.reconfigure({ logger: true, overrides: { 'Payment.charge': { retry: { maxAttempts: 2 } } } });

    const { own } = applications.lines;
    expect(own).toContain(
      "log Resilience: options were replaced: overrides['Payment.charge'].retry.maxAttempts undefined → 2",
    );
    expect(own).toContain(
      "warn Resilience: overrides['Payment.charge'] fits no decorated method (did you mean Payments.charge?)",
    );
  });

  it('is refused after a refusal just as before: the comparison is with what holds', async () => {
    const { service } = await start({ retryBudget: { capacity: 20 } });

    await outcomeOf(() => service.reconfigure({ retryBudget: { capacity: -1 } }));
    const changes = service.reconfigure({ retryBudget: { capacity: 21 } });

    expect(changes).toEqual([{ path: 'retryBudget.capacity', before: 20, after: 21 }]);
  });
});
