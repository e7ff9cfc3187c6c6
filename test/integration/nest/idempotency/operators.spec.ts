import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  CallContext,
  type CallIdempotency,
  Idempotent,
  IdempotencyKeyInvalidError,
  IdempotencyKeyMissingError,
  IdempotencyMismatchError,
  IdempotencyService,
  InvalidOptionsError,
  isRetryable,
  MemoryIdempotencyStore,
  Retryable,
  IdempotencyInFlightError,
  PolicyOrder,
  type RecordName,
} from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { closed, Gate, silenced } from '../../../support/idempotency-world.js';
import { Applications, outcomeOf, until } from '../../../support/nest-applications.js';

const ONE_LEASE = 31_000;

let runs = 0;
let looks = 0;
let orders: string[] = [];
let seen: (CallIdempotency | undefined)[] = [];
let work: (id: string, call: CallContext) => Promise<unknown> = async () => undefined;

beforeEach(() => {
  runs = 0;
  looks = 0;
  orders = [];
  seen = [];
  work = async (id) => `placed ${id}`;
});

function run(id: string, call: CallContext): Promise<unknown> {
  runs += 1;
  seen.push(call.idempotency);
  return work(id, call);
}

@Injectable()
class Orders {
  @Idempotent({
    key: (id: string) => id,
    alreadyDone: (id: string) => {
      looks += 1;
      return orders.includes(id) ? `found ${id}` : undefined;
    },
  })
  place(id: string, @CallContext() call?: CallContext): Promise<unknown> {
    return run(id, call as CallContext);
  }

  @Idempotent({ key: (id: string) => id, operation: 'orders.create' })
  create(id: string, @CallContext() call?: CallContext): Promise<unknown> {
    return run(id, call as CallContext);
  }

  @PolicyOrder('retry', 'idempotent')
  @Idempotent({ key: (id: string) => id })
  @Retryable({ backoff: { type: 'fixed', initialDelay: 0 }, budget: false })
  retried(id: string, @CallContext() call?: CallContext): Promise<unknown> {
    return run(id, call as CallContext);
  }

  @PolicyOrder('retry', 'idempotent')
  @Idempotent({ key: (id: string) => id, operation: 'impatient' })
  @Retryable({ abortOn: [IdempotencyInFlightError], budget: false })
  impatient(id: string, @CallContext() call?: CallContext): Promise<unknown> {
    return run(id, call as CallContext);
  }
}

@Injectable()
class RenamedOrders {
  @Idempotent({ key: (id: string) => id, operation: 'orders.create' })
  make(id: string): Promise<unknown> {
    return run(id, {} as CallContext);
  }

  @Idempotent({ key: (id: string) => id })
  place(id: string): Promise<unknown> {
    return run(id, {} as CallContext);
  }
}

describe('records of guarded calls', () => {
  const applications = new Applications();
  const startOn = (store: MemoryIdempotencyStore, clock: ManualClock, provider: new () => object = Orders) =>
    applications.start({ providers: [provider] }, { clock, idempotency: { store } });

  it('ID-62: a kept outcome is forgotten, and the next call runs with a higher fence', async () => {
    const { get } = await applications.start({ providers: [Orders] });
    const service = get(IdempotencyService);
    const name = { operation: 'Orders.place', key: 'a' };
    await get(Orders).place('a');

    const before = await service.inspect(name);
    const forgotten = await service.forget(name);
    await get(Orders).place('a');

    expect(before).toMatchObject({ state: 'completed', attempts: 1, recovered: false, outcome: 'value' });
    expect(forgotten).toBe(true);
    expect(runs).toBe(2);
    expect(BigInt(seen[1]?.fence ?? 0)).toBeGreaterThan(BigInt(seen[0]?.fence ?? 0));
    expect(await service.forget({ operation: 'Orders.place', key: 'unknown' })).toBe(false);
    expect(await service.inspect({ operation: 'Orders.place', key: 'unknown' })).toBeUndefined();
  });

  it('ID-62: forgotten during a run, the owner is fenced and its signal aborts', async () => {
    const { get, clock } = await applications.start({ providers: [Orders] });
    const gate = new Gate<string>();
    const signals: AbortSignal[] = [];
    work = (_, call) => {
      signals.push(call.signal);
      return gate.promise;
    };

    const call = outcomeOf(() => get(Orders).place('a'));
    await until(() => runs === 1);
    await get(IdempotencyService).forget({ operation: 'Orders.place', key: 'a' });
    await clock.advance(10_000);
    gate.open('too late');
    await clock.settle();

    expect(signals[0]?.aborted).toBe(true);
    expect((await call).error).toMatchObject({ superseded: true });
  });

  it('ID-62: forgotten during a run, the next call of the same process runs at once', async () => {
    const { get, clock } = await applications.start({ providers: [Orders] });
    const gate = new Gate<string>();
    work = () => gate.promise;
    const first = outcomeOf(() => get(Orders).place('a'));
    await until(() => runs === 1);

    await get(IdempotencyService).forget({ operation: 'Orders.place', key: 'a' });
    work = async () => 'second';
    const second = await get(Orders).place('a');
    gate.open('first');
    await clock.settle();

    expect(second).toBe('second');
    expect(BigInt(seen[1]?.fence ?? 0)).toBeGreaterThan(BigInt(seen[0]?.fence ?? 0));
    expect(await first).toMatchObject({ value: 'second' });
    expect(await get(Orders).place('a')).toBe('second');
    expect(runs).toBe(2);
  });

  it('names a record as its call did, what that went without left out', async () => {
    const { get } = await applications.start({ providers: [Orders] });
    const service = get(IdempotencyService);
    await service.run({ key: 'bare' }, () => 'done');

    expect(await service.inspect({ key: 'bare' })).toMatchObject({ state: 'completed', outcome: 'value' });
    expect(await service.forget({ key: 'bare' })).toBe(true);
    expect(await service.inspect({ key: 'bare' })).toMatchObject({ state: 'released' });
  });

  it.each([
    ['no key', { operation: 'Orders.place' }, IdempotencyKeyMissingError],
    ['an empty key', { key: '' }, IdempotencyKeyInvalidError],
    ['a key that is no text', { key: 5 }, IdempotencyKeyInvalidError],
    ['an empty operation', { operation: '', key: 'a' }, InvalidOptionsError],
    ['a scope that is no text', { key: 'a', scope: ['tenant'] }, InvalidOptionsError],
  ])('refuses a name with %s, which would find nothing', async (_, name, refusal) => {
    const { get } = await applications.start({ providers: [Orders] });
    const service = get(IdempotencyService);

    // What JavaScript may give.
    const given = name as unknown as RecordName;

    await expect(service.inspect(given)).rejects.toBeInstanceOf(refusal);
    await expect(service.forget(given)).rejects.toBeInstanceOf(refusal);
  });

  it('ID-64: a recovered key whose effect is there to be read does not run again', async () => {
    const clock = new ManualClock();
    const store = new MemoryIdempotencyStore({ clock });
    const dead = await applications.start(
      { providers: [Orders] },
      { clock, idempotency: { store: silenced(store) } },
    );
    const living = await startOn(store, clock);
    const gate = new Gate<string>();
    work = (id) => {
      orders.push(id);
      return gate.promise;
    };

    const lost = outcomeOf(() => dead.get(Orders).place('a'));
    await until(() => runs === 1);
    await clock.advance(ONE_LEASE);
    const found = await living.get(Orders).place('a');
    const again = await living.get(Orders).place('a');

    expect([found, again]).toEqual(['found a', 'found a']);
    expect([runs, looks, orders.length]).toEqual([1, 1, 1]);
    gate.fail(new Error('gone'));
    await closed(dead.app, clock);
    await lost;
  });

  it('ID-64: a recovered key without its effect runs, and a key that is not recovered is never looked up', async () => {
    const clock = new ManualClock();
    const store = new MemoryIdempotencyStore({ clock });
    const dead = await applications.start(
      { providers: [Orders] },
      { clock, idempotency: { store: silenced(store) } },
    );
    const living = await startOn(store, clock);
    const gate = new Gate<string>();
    work = () => gate.promise;

    const lost = outcomeOf(() => dead.get(Orders).place('a'));
    await until(() => runs === 1);
    await clock.advance(ONE_LEASE);
    work = async (id) => `placed ${id}`;
    await living.get(Orders).place('a');
    await living.get(Orders).place('b');

    expect([runs, looks]).toEqual([3, 1]);
    expect(seen.slice(1).map((each) => each?.recovered)).toEqual([true, false]);
    gate.fail(new Error('gone'));
    await closed(dead.app, clock);
    await lost;
  });

  it('ID-65: a stated operation meets its records under other names', async () => {
    const clock = new ManualClock();
    const store = new MemoryIdempotencyStore({ clock });
    const [old, renamed] = [await startOn(store, clock), await startOn(store, clock, RenamedOrders)];
    await old.get(Orders).create('a');
    await old.get(Orders).place('a');

    const stated = await renamed.get(RenamedOrders).make('a');
    await renamed.get(RenamedOrders).place('a');

    expect(stated).toBe('placed a');
    expect(runs).toBe(3);
    expect(await renamed.get(IdempotencyService).forget({ operation: 'orders.create', key: 'a' })).toBe(true);
  });

  it('ID-51: a retry outside waits for the call in flight, unless it is told not to', async () => {
    const { get, clock } = await applications.start({ providers: [Orders] });
    const gate = new Gate<string>();
    work = () => gate.promise;
    const [first, other] = [get(Orders).retried('a'), get(Orders).impatient('a')];
    await until(() => runs === 2);

    const second = get(Orders).retried('a');
    const refused = await outcomeOf(() => get(Orders).impatient('a'));
    gate.open('placed');
    await clock.advance(60_000);

    expect(refused.error).toBeInstanceOf(IdempotencyInFlightError);
    expect(await Promise.all([first, other, second])).toEqual(['placed', 'placed', 'placed']);
    expect(runs).toBe(2);
  });
});

describe('a retry around the guard', () => {
  const applications = new Applications();

  it('ID-51: begins again where the store did not answer, and the method runs once', async () => {
    const clock = new ManualClock();
    const memory = new MemoryIdempotencyStore({ clock });
    let begins = 0;
    const begin: MemoryIdempotencyStore['begin'] = (request) => {
      begins += 1;
      return begins === 1 ? Promise.reject(new Error('no such script')) : memory.begin(request);
    };
    const store = Object.assign(Object.create(memory) as MemoryIdempotencyStore, { begin });
    const { get } = await applications.start({ providers: [Orders] }, { clock, idempotency: { store } });

    const call = get(Orders).retried('a');
    await clock.advance(10_000);

    expect(await call).toBe('placed a');
    expect([begins, runs]).toEqual([2, 1]);
  });

  it('ID-51: does not repeat a call whose key came with another payload', async () => {
    const { get, events } = await applications.start({ providers: [Orders] });
    await get(Orders).retried('a');
    work = () => Promise.reject(new Error('never'));

    const fingerprint = 'other';
    const name = { operation: 'mail', key: 'k' };
    await get(IdempotencyService).run({ ...name, fingerprint: 'one' }, () => 1);
    const { error } = await outcomeOf(() => get(IdempotencyService).run({ ...name, fingerprint }, () => 2));

    expect(error).toBeInstanceOf(IdempotencyMismatchError);
    expect(isRetryable(error)).toBe(false);
    expect(events.of('retry.scheduled')).toEqual([]);
  });
});

describe('IdempotencyService.run', () => {
  const applications = new Applications();

  it('runs a function once for a key, by scope and fingerprint', async () => {
    const { get } = await applications.start({});
    const service = get(IdempotencyService);
    const operation = 'mail';
    const send = (scope: string, fingerprint = 'hello') =>
      service.run({ operation, key: 'k', scope, fingerprint }, async () => (runs += 1));

    expect([await send('alice'), await send('alice'), await send('bob')]).toEqual([1, 1, 2]);
    const other = await outcomeOf(() => send('alice', 'goodbye'));
    const invalid = await outcomeOf(() => service.run({ operation, key: '' }, () => (runs += 1)));

    expect(other.error).toBeInstanceOf(IdempotencyMismatchError);
    expect(invalid.error).toBeInstanceOf(IdempotencyKeyInvalidError);
    expect(runs).toBe(2);
  });

  it('ID-08: a waiter that is cancelled leaves alone', async () => {
    const { get } = await applications.start({});
    const gate = new Gate<string>();
    const leaving = new AbortController();
    const place = (signal = new AbortController().signal) =>
      get(IdempotencyService).run({ key: 'k', onInFlight: 'wait', signal }, () => {
        runs += 1;
        return gate.promise;
      });

    const [owner, waiter, left] = [place(), place(), outcomeOf(() => place(leaving.signal))];
    await until(() => runs === 1);
    leaving.abort(new Error('gone home'));

    expect((await left).error).toMatchObject({ message: 'gone home' });
    gate.open('placed');
    expect(await Promise.all([owner, waiter])).toEqual(['placed', 'placed']);
    expect(runs).toBe(1);
  });

  it('has the defaults of the module', async () => {
    const { get } = await applications.start({}, { idempotency: { final: () => false } });
    const place = () => get(IdempotencyService).run({ key: 'k' }, () => (runs += 1));

    expect([await place(), await place()]).toEqual([1, 2]);
  });
});
