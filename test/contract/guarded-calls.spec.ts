import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConflictException, Injectable, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CallContext,
  Idempotent,
  IdempotencyService,
  type IdempotencyStore,
  ResilienceModule,
} from 'nestjs-selfheal';
import { Deferred } from '../../lib/pipeline/idempotent-waiting.js';
import { silenced } from '../support/idempotency-world.js';
import { PATIENCE, type SharedStores, STORES } from '../support/servers/shared-stores.js';

const LONG_TEST_MS = 120_000;
const LEASE_MS = 150;

/** Where orders are kept, outside of every store. */
class Shop {
  readonly orders: string[] = [];
  runs = 0;
  looks = 0;
}

const mutes: { isOver: boolean }[] = [];

/** A silent process whose background work can be told at the end of a test that it has lost everything. */
function muted(store: IdempotencyStore): IdempotencyStore {
  const state = { isOver: false };
  mutes.push(state);
  const lost = async (): Promise<'fenced'> => {
    if (state.isOver) return 'fenced';
    throw new Error('nothing arrives');
  };
  return { ...silenced(store), extend: lost, complete: lost, release: lost };
}

/** Runs of one process: its application, and what ends with the test. */
interface Replica {
  readonly app: INestApplicationContext;
  readonly service: IdempotencyService;
}

describe.each(STORES)('guarded calls on the $name store', ({ name, start }) => {
  let stores: SharedStores;
  let here: Replica;
  let there: Replica;
  let keys = 0;
  const replicas: Replica[] = [];
  const newKey = (): string => `${name}-${process.pid}-${Date.now()}-${(keys += 1)}`;

  async function replica(
    wrap: (store: IdempotencyStore) => IdempotencyStore = (store) => store,
    ...providers: Type[]
  ): Promise<Replica> {
    const idempotency = {
      store: wrap(await stores.open()),
      lease: LEASE_MS,
      storeTimeout: PATIENCE,
    } as const;
    const module = { ...ResilienceModule.forRoot({ logger: false, idempotency }) };
    const app = await NestFactory.createApplicationContext(
      { ...module, providers: [...(module.providers ?? []), ...providers] },
      { logger: false },
    );
    const made = { app, service: app.get(IdempotencyService) };
    replicas.push(made);
    return made;
  }

  beforeAll(async () => {
    stores = await start();
    here = await replica();
    there = await replica();
  }, LONG_TEST_MS);

  afterEach(async () => {
    for (const mute of mutes.splice(0)) mute.isOver = true;
    for (const { app } of replicas.splice(2)) await app.close();
  });

  afterAll(async () => {
    for (const { app } of replicas) await app.close();
    await stores.close();
  });

  /** The create-order scenario: reads, pauses, inserts. */
  function place(shop: Shop, key: string, { service }: Replica, pauseMs = 0): Promise<string> {
    return service.run({ operation: 'orders.create', key }, async () => {
      shop.runs += 1;
      const isThere = shop.orders.includes(key);
      await wait(pauseMs);
      if (!isThere) shop.orders.push(key);
      return `order ${key}`;
    });
  }

  it('ID-07: 50 concurrent calls that wait come to one run; each has an error object of its own', async () => {
    const key = newKey();
    let runs = 0;
    const call = (replicaOf: Replica) =>
      replicaOf.service.run({ operation: 'refused', key, onInFlight: 'wait', lease: '5s' }, async () => {
        runs += 1;
        await wait(200);
        throw new ConflictException('out of stock');
      });

    const ends = await Promise.allSettled([
      ...Array.from({ length: 25 }, () => call(here)),
      ...Array.from({ length: 25 }, () => call(there)),
    ]);

    const errors = ends.map((end) =>
      end.status === 'rejected' ? (end.reason as ConflictException) : undefined,
    );
    expect(runs).toBe(1);
    expect(new Set(errors).size).toBe(50);
    expect(errors.every((error) => error?.message === 'out of stock' && error.getStatus() === 409)).toBe(
      true,
    );
  });

  it('ID-08: a waiter whose signal aborts leaves alone; the owner and the other waiter have the result', async () => {
    const key = newKey();
    let runs = 0;
    const leaving = new AbortController();
    const [began, mayEnd] = [new Deferred<void>(), new Deferred<void>()];
    const call = (own: { signal?: AbortSignal } = {}) =>
      here.service.run({ operation: 'slow', key, onInFlight: 'wait', lease: '5s', ...own }, async () => {
        runs += 1;
        began.resolve();
        await mayEnd.promise;
        return { ordered: key };
      });
    const owner = call();
    const [left, stays] = [call({ signal: leaving.signal }), call()];
    void began.promise.then(() => leaving.abort(new Error('gone')));

    await expect(left).rejects.toThrow('gone');
    expect((await here.service.inspect({ operation: 'slow', key }))?.state).toBe('in-progress');
    mayEnd.resolve();
    expect(await Promise.all([owner, stays])).toEqual([{ ordered: key }, { ordered: key }]);
    expect(runs).toBe(1);
    expect((await there.service.inspect({ operation: 'slow', key }))?.state).toBe('completed');
  });

  it('ID-09: three calls one after the other make one order, and so do two that are interleaved', async () => {
    const [shop, first, second] = [new Shop(), newKey(), newKey()];

    const answers = [
      await place(shop, first, here),
      await place(shop, first, there),
      await place(shop, first, here),
    ];
    const owner = place(shop, second, here, 60);
    await wait(20);
    await expect(place(shop, second, there)).rejects.toMatchObject({
      code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT',
    });
    await owner;

    expect(new Set(answers).size).toBe(1);
    expect(await place(shop, second, there)).toBe(`order ${second}`);
    expect(shop).toMatchObject({ orders: [first, second], runs: 2 });
  });

  it('what a silent owner did is not recorded over what its successor did', async () => {
    const key = newKey();
    const mute = await replica(muted);
    let enter: (value?: unknown) => void = () => undefined;
    let leave: (value?: unknown) => void = () => undefined;
    const [entered, left] = [
      new Promise((resolve) => (enter = resolve)),
      new Promise((resolve) => (leave = resolve)),
    ];
    const old = mute.service.run({ operation: 'slow', key }, async () => {
      enter();
      await left;
      return 'old owner';
    });
    await entered;
    await wait(LEASE_MS * 1.5);
    const taken = await there.service.run(
      { operation: 'slow', key },
      async (call) => call.idempotency?.recovered,
    );
    leave();

    expect(taken).toBe(true);
    // Nothing of it arrives any more: its caller has what it did, and the record is the other's.
    expect(await old).toBe('old owner');
    expect(await here.service.run({ operation: 'slow', key }, async () => 'ran again')).toBe(true);
  });

  it('ID-11: work that takes longer than its lease is renewed, and nobody takes it over', async () => {
    const key = newKey();
    const slow = { operation: 'slow', key, lease: '1s' } as const;
    let finish = (_value: string): void => undefined;
    const work = here.service.run(slow, () => new Promise<string>((resolve) => (finish = resolve)));
    const answers: unknown[] = [];
    const refused = (error: { code?: string }) => error.code;
    for (let count = 0; count < 10; count += 1) {
      await wait(200);
      answers.push(await there.service.run(slow, async () => 'ran twice').catch(refused));
    }

    finish('done');

    expect(new Set(answers)).toEqual(new Set(['RESILIENCE_IDEMPOTENCY_IN_FLIGHT']));
    expect(await work).toBe('done');
    expect(await there.service.run(slow, async () => 'ran twice')).toBe('done');
  });

  it('ID-23: a method that refuses to go on for a recovered key does so for every later call', async () => {
    const key = newKey();
    const shop = new Shop();
    const careful = ({ service }: Replica) =>
      service.run({ operation: 'careful', key }, async ({ idempotency }) => {
        if (idempotency?.recovered === true) throw new Error('its effect may have happened');
        shop.orders.push(key);
        return 'charged';
      });
    await careful(await replica(muted));
    await wait(LEASE_MS * 1.5);

    for (const caller of [here, there, here]) {
      await expect(careful(caller)).rejects.toThrow('its effect may have happened');
    }
    expect(shop.orders).toEqual([key]);
  });

  it('ID-56: when retention is over, one of 50 concurrent calls runs as the first one ever', async () => {
    const key = newKey();
    const seen: unknown[] = [];
    const call = ({ service }: Replica) =>
      service.run(
        { operation: 'kept', key, ttl: '1s', onInFlight: 'wait', lease: '5s' },
        async ({ idempotency }) => {
          seen.push([idempotency?.attempts, idempotency?.recovered]);
          return seen.length;
        },
      );
    await call(here);
    await wait(1_050);

    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, count) => call(count % 2 ? here : there)),
    );

    expect(new Set(answers)).toEqual(new Set([2]));
    expect(seen).toEqual([
      [1, false],
      [1, false],
    ]);
  });

  it('ID-57: what was recorded before the result type grew is replayed as it was', async () => {
    const key = newKey();
    const run = <T>({ service }: Replica, result: T) =>
      service.run<T>({ operation: 'grown', key }, async () => result);
    await run<{ total: number; currency?: string }>(here, { total: 1 });

    expect(await run(there, { total: 1, currency: 'EUR' })).toStrictEqual({ total: 1 });
  });

  it('ID-62: a forgotten failure runs again with a higher fence; a running owner is fenced', async () => {
    const key = newKey();
    const record = { operation: 'kept failure', key };
    const fences: bigint[] = [];
    const call = (from: Replica, fn: (call: CallContext) => Promise<unknown>) =>
      from.service.run(record, async (context) => {
        fences.push(BigInt(context.idempotency?.fence ?? 0));
        return fn(context);
      });
    await expect(call(here, () => Promise.reject(new ConflictException('no')))).rejects.toThrow('no');
    const kept = await there.service.inspect(record);

    expect(kept).toMatchObject({ state: 'completed', outcome: 'error', attempts: 1, recovered: false });
    expect(await there.service.inspect(record)).toMatchObject({ fence: kept?.fence });
    expect(await there.service.forget(record)).toBe(true);
    const aborted = call(here, async ({ signal }) => {
      await there.service.forget(record);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return 'fenced';
    });
    await expect(aborted).rejects.toMatchObject({ superseded: true });
    expect(await call(there, async () => 'ran')).toBe('ran');
    expect(fences).toEqual([...fences].sort((one, other) => (one < other ? -1 : 1)));
    expect(new Set(fences).size).toBe(3);
    expect(await here.service.forget({ ...record, key: newKey() })).toBe(false);
  });

  it('ID-62: the caller of an owner that was forgotten gets no answer to another payload', async () => {
    const record = { operation: 'forgotten owner', key: newKey() };
    const owner = here.service.run({ ...record, fingerprint: { amount: 1 } }, async () => {
      await there.service.forget(record);
      await there.service.run({ ...record, fingerprint: { amount: 2 } }, async () => 'of 2');
      return 'of 1';
    });
    await expect(owner).rejects.toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_MISMATCH' });

    const again = { ...record, key: newKey() };
    const same = here.service.run({ ...again, fingerprint: { amount: 1 } }, async () => {
      await there.service.forget(again);
      await there.service.run({ ...again, fingerprint: { amount: 1 } }, async () => 'the second');
      return 'the first';
    });
    await expect(same).resolves.toBe('the second');
  });

  it.each([
    ['after', 1],
    ['before', 0],
  ])('ID-64: `alreadyDone` is asked where an owner fell silent %s its effect', async (_, ordersOfDead) => {
    const key = newKey();
    const shop = new Shop();
    const seen: unknown[] = [];
    const call = ({ service }: Replica, orders: number) =>
      service.run(
        {
          operation: 'read before write',
          key,
          alreadyDone: () => {
            shop.looks += 1;
            return shop.orders.includes(key) ? 'found' : undefined;
          },
        },
        async ({ idempotency }) => {
          shop.runs += 1;
          seen.push(idempotency?.recovered);
          for (let count = 0; count < orders; count += 1) shop.orders.push(key);
          return 'placed';
        },
      );
    await call(await replica(muted), ordersOfDead);
    await wait(LEASE_MS * 1.5);

    const answers = [await call(there, 1), await call(here, 1), await call(there, 1)];

    const answer = ordersOfDead === 1 ? 'found' : 'placed';
    expect(answers).toEqual([answer, answer, answer]);
    expect(seen).toEqual(ordersOfDead === 1 ? [false] : [false, true]);
    expect(shop).toMatchObject({ orders: [key], looks: 1, runs: ordersOfDead === 1 ? 1 : 2 });
  });

  it('ID-65: a class and method of another name meet their records where they state the old text', async () => {
    let runs = 0;
    const keyed = { key: (key: string) => key };
    @Injectable()
    class Orders {
      @Idempotent({ ...keyed, operation: 'orders.create' })
      async create(key: string): Promise<string> {
        runs += 1;
        return `created ${key}`;
      }

      @Idempotent(keyed)
      async unnamed(_key: string): Promise<number> {
        return (runs += 1);
      }
    }
    @Injectable()
    class Purchases {
      @Idempotent({ ...keyed, operation: 'orders.create' })
      async place(_key: string): Promise<string> {
        runs += 1;
        return 'ran again';
      }

      @Idempotent(keyed)
      async unnamed(_key: string): Promise<number> {
        return (runs += 1);
      }
    }
    const before = (await replica(undefined, Orders)).app.get(Orders);
    const after = (await replica(undefined, Purchases)).app.get(Purchases);
    const key = newKey();

    expect([await before.create(key), await after.place(key)]).toEqual([`created ${key}`, `created ${key}`]);
    expect([await before.unnamed(key), await after.unnamed(key)]).toEqual([2, 3]);
    expect(await here.service.forget({ operation: 'orders.create', key })).toBe(true);
    expect(await after.place(key)).toBe('ran again');
  });
});
