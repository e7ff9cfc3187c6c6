import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CircuitBreaker,
  CircuitBreakerRegistry,
  InvalidOptionsError,
  type ResilienceEvent,
  ResilienceEvents,
  type ResilienceModuleOptions,
  Retryable,
} from 'nestjs-selfheal';
import { EventRecorder, ManualClock, ResilienceTestingModule } from 'nestjs-selfheal/testing';

/** A bank that is up or down, and takes shards apart. */
class Bank {
  isUp = false;

  answer(): string {
    if (!this.isUp) throw new Error('down');
    return 'paid';
  }
}

@Injectable()
class Payments {
  constructor(readonly bank: Bank) {}

  @CircuitBreaker({ name: 'bank', failureThreshold: 1, waitDurationInOpenState: '30s' })
  async charge(): Promise<string> {
    return this.bank.answer();
  }

  @CircuitBreaker({
    name: 'shards',
    key: (shard: string) => shard,
    maxKeys: 2,
    failureThreshold: 1,
    waitDurationInOpenState: '30s',
  })
  async save(_shard: string): Promise<string> {
    return this.bank.answer();
  }

  @Retryable({ maxAttempts: 1 })
  async mail(): Promise<string> {
    return this.bank.answer();
  }
}

@Module({ providers: [Bank, Payments] })
class PaymentsModule {}

let app: INestApplicationContext | undefined;

async function started(alerts?: ResilienceModuleOptions['alerts']) {
  const root = ResilienceTestingModule.forRoot(alerts === undefined ? {} : { alerts });
  const module = await Test.createTestingModule({ imports: [root, PaymentsModule] }).compile();
  app = await module.init();
  return {
    app,
    clock: app.get(ManualClock),
    events: app.get(EventRecorder),
    payments: app.get(Payments),
    bank: app.get(Bank),
    breakers: app.get(CircuitBreakerRegistry),
  };
}

const failing = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);
const isAlert = ({ kind }: ResilienceEvent): boolean => kind.startsWith('alert.');

/** `60000 alert.raised bank`, the time from the start of the clock. */
function alertsOf(events: EventRecorder, clock: ManualClock): readonly string[] {
  const startMs = clock.wallMs() - clock.nowMs();
  return events.all
    .filter(isAlert)
    .map(({ kind, policy, timestampMs }) => `${timestampMs - startMs} ${kind} ${policy}`);
}

describe('alerts of an application', () => {
  afterEach(() => app?.close());

  it('CP-32: raises one at 60 s and clears it at 90 s, with a thousand rejected calls in between', async () => {
    const { clock, events, payments, bank } = await started({ openLongerThan: '1m' });
    await failing(payments.charge());

    for (const atMs of [30_000, 60_000]) {
      await clock.advanceTo(atMs);
      for (let call = 0; call < 500; call += 1) await failing(payments.charge());
    }
    bank.isUp = true;
    await clock.advanceTo(90_000);
    await payments.charge();
    await clock.advanceTo(600_000);

    expect(alertsOf(events, clock)).toEqual(['60000 alert.raised bank', '90000 alert.cleared bank']);
  });

  it('P9: tells the clearing after the change of state that caused it, also to who listened first', async () => {
    const { clock, events, payments, bank } = await started();
    await failing(payments.charge());
    await clock.advanceTo(60_000);
    bank.isUp = true;

    await payments.charge();
    await clock.settle();

    expect(events.all.at(-2)).toMatchObject({ kind: 'circuit-breaker.state-changed', to: 'closed' });
    expect(events.all.at(-1)).toMatchObject({
      kind: 'alert.cleared',
      alert: 'breaker-open',
      lastedMs: 60_000,
    });
  });

  it('takes every key of a breaker apart, and never tells the key', async () => {
    const { clock, events, payments, bank } = await started();
    await failing(payments.save('secret-one'));
    await clock.advanceTo(40_000);
    await failing(payments.save('secret-two'));
    bank.isUp = true;
    await payments.save('secret-one');
    await clock.advanceTo(200_000);

    expect(alertsOf(events, clock)).toEqual(['100000 alert.raised shards']);
    expect(JSON.stringify(events.all)).not.toContain('secret');
  });

  it('clears the alert of a key that is forgotten', async () => {
    const { clock, events, payments } = await started();
    await failing(payments.save('a'));
    await clock.advanceTo(60_000);

    await failing(payments.save('b'));
    await failing(payments.save('c'));
    await clock.advanceTo(119_999);

    expect(alertsOf(events, clock)).toEqual(['60000 alert.raised shards', '60000 alert.cleared shards']);
  });

  it('raises one when a hundred calls are given up within a minute, and clears it when the minute is over', async () => {
    const { clock, events, payments } = await started();
    for (let call = 0; call < 99; call += 1) await failing(payments.mail());
    await clock.advanceTo(30_000);
    expect(alertsOf(events, clock)).toEqual([]);

    await failing(payments.mail());
    await clock.advanceTo(600_000);

    expect(alertsOf(events, clock)).toEqual(['30000 alert.raised retry', '60000 alert.cleared retry']);
    expect(events.of('alert.raised')).toEqual([
      expect.objectContaining({ alert: 'give-ups', operation: 'Payments.mail', giveUps: 100 }),
    ]);
  });

  it('says nothing where alerts are switched off', async () => {
    const { clock, events, payments } = await started(false);

    await failing(payments.charge());
    for (let call = 0; call < 200; call += 1) await failing(payments.mail());
    await clock.advanceTo(600_000);

    expect(events.all.filter(isAlert)).toEqual([]);
  });

  it('has a timer only while something lasts, and none that anybody waits for', async () => {
    const { clock, payments, breakers } = await started();
    expect(clock.allTimers).toBe(0);

    await failing(payments.charge());
    expect([clock.allTimers, clock.pendingTimers]).toEqual([1, 0]);
    breakers.get('bank').reset();

    expect(clock.allTimers).toBe(0);
  });

  it('leaves no timer when the application closes', async () => {
    const { clock, payments, app: closing } = await started();
    await failing(payments.charge());

    await closing.close();

    expect(clock.allTimers).toBe(0);
  });

  it('survives a subscriber that throws', async () => {
    const { clock, events, payments } = await started();
    app?.get(ResilienceEvents).subscribe((event) => {
      if (isAlert(event)) throw new Error('a bug of the subscriber');
    });

    await failing(payments.charge());
    await clock.advanceTo(60_000);

    expect(alertsOf(events, clock)).toEqual(['60000 alert.raised bank']);
  });

  it('stops the boot where an option cannot be meant', async () => {
    app = undefined;

    await expect(started({ giveUps: 0 })).rejects.toThrow(InvalidOptionsError);
    await expect(started({ giveUps: 0 })).rejects.toThrow('alerts.giveUps must be a whole number');
  });
});
