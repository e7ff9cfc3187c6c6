import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type CallContext,
  IdempotencyService,
  type IdempotencyStore,
  ResilienceModule,
  ResilienceService,
} from 'nestjs-selfheal';
import { type PostgresQueryable, PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { ContractKey, outcomeOf } from '../../lib/testing/store-contract-world.js';
import { startPostgres, type TestPostgres } from '../support/servers/postgres-server.js';

const LONG_TEST_MS = 120_000;
const LEVELS = ['read committed', 'repeatable read', 'serializable'] as const;

/** One of the processes of an application: a store and a service of its own. */
interface Replica {
  readonly service: IdempotencyService;
  readonly app: INestApplicationContext;
  readonly store: PostgresIdempotencyStore;
}

/** What TypeORM's transactions look like to the store. */
function clientOf(manager: EntityManager): PostgresQueryable {
  return {
    query: async (text, values) => ({ rows: (await manager.query(text, values)) as unknown[] }),
  };
}

describe('the PostgreSQL store in the transaction of the effect', () => {
  let server: TestPostgres;
  let pool: pg.Pool;
  let orm: DataSource;
  let here: Replica;
  let there: Replica;
  let keys = 0;
  const replicas: Replica[] = [];

  async function replica(wrap: (store: IdempotencyStore) => IdempotencyStore = (store) => store) {
    const store = new PostgresIdempotencyStore({ connection: server.url, statementTimeout: '20s' });
    const idempotency = { store: wrap(store), lease: '300ms', storeTimeout: '20s' } as const;
    const module = ResilienceModule.forRoot({ logger: false, idempotency });
    const app = await NestFactory.createApplicationContext(module, { logger: false });
    const made: Replica = { app, store, service: app.get(IdempotencyService) };
    replicas.push(made);
    return made;
  }

  beforeAll(async () => {
    server = await startPostgres();
    pool = new pg.Pool({ connectionString: server.url, max: 4, allowExitOnIdle: true });
    pool.on('error', () => undefined);
    await pool.query('DROP TABLE IF EXISTS orders');
    await pool.query('CREATE TABLE orders (id serial PRIMARY KEY, key text, note text)');
    orm = await new DataSource({
      type: 'postgres',
      url: server.url,
      extra: { allowExitOnIdle: true },
    }).initialize();
    here = await replica();
    there = await replica();
  }, LONG_TEST_MS);

  afterEach(async () => {
    for (const { app, store } of replicas.splice(2)) {
      await app.close();
      await store.close();
    }
  });

  afterAll(async () => {
    for (const { app, store } of replicas) {
      await app.close();
      await store.close();
    }
    await orm.destroy();
    await pool.end();
    await server.stop();
  });

  const newKey = (): string => `order-${process.pid}-${(keys += 1)}`;
  const insert = (client: PostgresQueryable, key: string, note = '') =>
    client.query('INSERT INTO orders (key, note) VALUES ($1, $2)', [key, note]);
  const ordersOf = async (key: string): Promise<unknown[]> =>
    (await pool.query('SELECT note FROM orders WHERE key = $1', [key])).rows;
  const guarded = <T>({ service }: Replica, key: string, fn: (call: CallContext) => Promise<T>) =>
    service.run({ operation: 'orders.place', key }, fn);
  const replayedBy = (from: Replica, key: string): Promise<unknown> =>
    guarded(from, key, () => Promise.reject(new Error('ran again')));

  /** What another process is told every 100 ms while the work goes on. */
  async function duplicatesDuring(key: string, work: Promise<unknown>): Promise<readonly unknown[]> {
    const answers: unknown[] = [];
    let isOver = false;
    const over = work.finally(() => (isOver = true));
    while ((await there.service.inspect({ operation: 'orders.place', key })) === undefined) await wait(5);
    while (!isOver) {
      const answer = await replayedBy(there, key).catch((error: { code?: string }) => error.code);
      if (!isOver) answers.push(answer);
      await wait(100);
    }
    await over;
    return answers;
  }

  it.each(LEVELS)(
    'ID-63: %s: commits after three leases with one order, and every duplicate before is in flight',
    async (isolationLevel) => {
      const key = newKey();
      const work = guarded(here, key, ({ idempotency }) =>
        here.store.inTransaction({ pool, claim: idempotency, isolationLevel }, async (client) => {
          await insert(client, key);
          await wait(900);
          return { ordered: key };
        }),
      );

      const answers = await duplicatesDuring(key, work);

      expect(await work).toEqual({ ordered: key });
      expect(answers.length).toBeGreaterThan(2);
      expect(new Set(answers)).toEqual(new Set(['RESILIENCE_IDEMPOTENCY_IN_FLIGHT']));
      expect(await replayedBy(there, key)).toEqual({ ordered: key });
      expect(await ordersOf(key)).toHaveLength(1);
    },
    LONG_TEST_MS,
  );

  it.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const)(
    'ID-63: TypeORM, %s: the same in a transaction that TypeORM opens',
    async (level) => {
      const key = newKey();
      const work = guarded(here, key, ({ idempotency }) =>
        here.store.inForeignTransaction(
          {
            claim: idempotency,
            open: (run) => orm.transaction(level, (manager) => run(clientOf(manager), manager)),
          },
          async (manager: EntityManager) => {
            await manager.query('INSERT INTO orders (key) VALUES ($1)', [key]);
            await wait(900);
            return { ordered: key };
          },
        ),
      );

      const answers = await duplicatesDuring(key, work);

      expect(await work).toEqual({ ordered: key });
      expect(new Set(answers)).toEqual(new Set(['RESILIENCE_IDEMPOTENCY_IN_FLIGHT']));
      expect(await replayedBy(there, key)).toEqual({ ordered: key });
      expect(await ordersOf(key)).toHaveLength(1);
    },
    LONG_TEST_MS,
  );

  it('the bare step completes in a transaction that is open already, or not at all', async () => {
    const [kept, dropped] = [newKey(), newKey()];
    const place = (key: string, end: () => void) =>
      guarded(here, key, ({ idempotency }) =>
        orm.transaction(async (manager) => {
          await manager.query('INSERT INTO orders (key) VALUES ($1)', [key]);
          await here.store.completeWithin(clientOf(manager), idempotency, 'ordered');
          end();
          return 'ordered';
        }),
      );
    const fail = (): void => {
      throw new Error('out of stock');
    };

    expect(await place(kept, () => undefined)).toBe('ordered');
    await expect(place(dropped, fail)).rejects.toThrow('out of stock');
    expect(await replayedBy(there, kept)).toBe('ordered');
    expect(await guarded(there, dropped, async ({ idempotency }) => idempotency?.recovered)).toBe(false);
    expect([await ordersOf(kept), await ordersOf(dropped)].map(({ length }) => length)).toEqual([1, 0]);
  });

  it('rolls back together what fails together, and lets the next call run', async () => {
    const key = newKey();
    const failure = new Error('out of stock');
    const work = guarded(here, key, ({ idempotency }) =>
      here.store.inTransaction({ pool, claim: idempotency }, async (client) => {
        await insert(client, key);
        throw failure;
      }),
    );

    await expect(work).rejects.toBe(failure);
    expect(await ordersOf(key)).toEqual([]);
    expect(await guarded(there, key, async () => 'ran')).toBe('ran');
  });

  it('ID-13: an owner that was replaced before its transaction writes nothing, and is told what was recorded', async () => {
    const key = newKey();
    let runs = 0;
    const old = guarded(here, key, async ({ idempotency, signal }) => {
      await there.service.forget({ operation: 'orders.place', key });
      await guarded(there, key, (call) =>
        there.store.inTransaction({ pool, claim: call.idempotency }, async (client) => {
          await insert(client, key, 'new owner');
          return 'new owner';
        }),
      );
      expect(signal.aborted).toBe(false);
      return here.store.inTransaction({ pool, claim: idempotency }, async (client) => {
        runs += 1;
        await insert(client, key, 'old owner');
        return 'old owner';
      });
    });

    expect(await old).toBe('new owner');
    expect(runs).toBe(0);
    expect(await ordersOf(key)).toEqual([{ note: 'new owner' }]);
  });

  it('ID-14: a connection that breaks before the commit takes effect, outcome and lock with it', async () => {
    const key = newKey();
    const work = guarded(here, key, ({ idempotency }) =>
      here.store.inTransaction({ pool, claim: idempotency }, async (client) => {
        await insert(client, key);
        const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
        await pool.query('SELECT pg_terminate_backend($1)', [(rows[0] as { pid: number }).pid]);
        return 'lost';
      }),
    );

    await expect(work).rejects.toThrow();
    expect(await ordersOf(key)).toEqual([]);
    expect(await guarded(there, key, async () => 'ran')).toBe('ran');
  });

  it.each([
    ['', undefined],
    [', failures that are kept included', () => true],
  ])(
    'ID-14: where the answer to the commit is lost, callers are told what was recorded%s',
    async (_, final) => {
      const key = newKey();
      const options = {
        operation: 'orders.place',
        key,
        onInFlight: 'wait',
        ...(final && { final }),
      } as const;
      const place = () =>
        here.service.run(options, ({ idempotency }) =>
          here.store.inForeignTransaction(
            {
              claim: idempotency,
              open: async (run) => {
                await orm.transaction((manager) => run(clientOf(manager), manager));
                throw new Error('Connection terminated unexpectedly');
              },
            },
            async (manager: EntityManager) => {
              await insert(clientOf(manager), key);
              return 'committed';
            },
          ),
        );

      expect(await Promise.all([place(), place()])).toEqual(['committed', 'committed']);
      expect(await replayedBy(there, key)).toBe('committed');
      expect(await ordersOf(key)).toHaveLength(1);
    },
  );

  it('what was committed stays recorded, whatever the method does afterwards', async () => {
    const [failing, other] = [newKey(), newKey()];
    const commit = (key: string, { idempotency }: CallContext) =>
      here.store.inTransaction({ pool, claim: idempotency }, async (client) => {
        await insert(client, key);
        return 'committed';
      });
    const failure = new Error('the mail server is down');

    const failed = guarded(here, failing, async (call) => {
      await commit(failing, call);
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    const changed = await guarded(here, other, async (call) => `${await commit(other, call)}, and told so`);

    expect(changed).toBe('committed, and told so');
    for (const key of [failing, other]) {
      expect(await replayedBy(here, key)).toBe('committed');
      expect(await replayedBy(there, key)).toBe('committed');
      expect(await ordersOf(key)).toHaveLength(1);
    }
  });

  it('an attempt that comes again after the commit is given what was committed', async () => {
    const key = newKey();
    const retries = here.app.get(ResilienceService);
    let attempts = 0;
    const place = (claim: CallContext['idempotency']) =>
      retries.execute({ retry: { backoff: { initialDelay: 1 } } }, async () => {
        attempts += 1;
        const value = await here.store.inTransaction({ pool, claim }, async (client) => {
          await insert(client, key);
          return `attempt ${attempts}`;
        });
        if (attempts < 3) throw new Error('after the commit');
        return value;
      });

    expect(await guarded(here, key, ({ idempotency }) => place(idempotency))).toBe('attempt 1');
    expect(attempts).toBe(3);
    expect(await ordersOf(key)).toHaveLength(1);
  });

  it('attempts beside each other come to one transaction', async () => {
    const key = newKey();
    const values = await guarded(here, key, ({ idempotency: claim }) =>
      Promise.all(
        ['first', 'second'].map((note) =>
          here.store.inTransaction({ pool, claim }, async (client) => {
            await insert(client, key, note);
            await wait(50);
            return note;
          }),
        ),
      ),
    );

    expect(values).toEqual(['first', 'first']);
    expect(await ordersOf(key)).toEqual([{ note: 'first' }]);
  });

  it('the store that the application was given may stand around this one', async () => {
    const around = await replica((store) => ({
      begin: (request, options) => store.begin(request, options),
      extend: (request, options) => store.extend(request, options),
      complete: (request, options) => store.complete(request, options),
      release: (request, options) => store.release(request, options),
      read: (key, options) => store.read(key, options),
      forget: (key, options) => store.forget(key, options),
      sweep: (atMost, options) => store.sweep(atMost, options),
      ping: (options) => store.ping(options),
    }));
    const key = newKey();

    const value = await guarded(around, key, ({ idempotency: claim }) =>
      around.store.inTransaction({ pool, claim }, async () => 'committed'),
    );

    expect(value).toBe('committed');
    expect(await replayedBy(there, key)).toBe('committed');
  });

  it('is an ordinary transaction where there is no claim, and refuses what is none', async () => {
    const key = newKey();
    const ordinary = here.store.inTransaction({ pool, claim: undefined }, async (client) => {
      await insert(client, key);
      return 'ordered';
    });

    expect(await ordinary).toBe('ordered');
    expect(await ordersOf(key)).toHaveLength(1);
    await here.store.completeWithin(pool, undefined, 'nothing');
    const foreign = { key, fence: '1', attempts: 1, recovered: false };
    await expect(here.store.inTransaction({ pool, claim: foreign }, async () => 1)).rejects.toThrow(
      /must be the `idempotency` of the call context/,
    );
  });

  it('the step of the port writes a missing record anew, and leaves the lock timeout of its transaction', async () => {
    const key = new ContractKey(here.store);
    const claim = await key.acquire();
    const times = { fingerprint: 'v1:same', retentionMs: 60_000 };
    await pool.query(`DELETE FROM selfheal_idempotency WHERE key = $1`, [Buffer.from(key.storedKey, 'hex')]);
    const client = await pool.connect();
    await client.query(`BEGIN; SET LOCAL lock_timeout = '7s'`);

    const request = { storedKey: key.storedKey, claim, outcome: outcomeOf('x'), ...times };
    expect(await here.store.complete(request, { transaction: client })).toBe('recreated');
    const { rows } = await client.query('SHOW lock_timeout');
    await client.query('COMMIT');
    client.release();

    expect(rows).toEqual([{ lock_timeout: '7s' }]);
    expect((await key.begin()).kind).toBe('completed');
  });
});
