import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { ContractKey, outcomeOf } from '../../lib/testing/store-contract-world.js';
import { startOwnPostgres, type TestPostgres } from '../support/servers/postgres-server.js';

const LONG_TEST_MS = 120_000;
const TABLE = 'public.selfheal_idempotency';

describe('the PostgreSQL store in the transaction of the effect', () => {
  let server: TestPostgres;
  let pool: pg.Pool;
  let store: PostgresIdempotencyStore;
  const keyOf = ({ storedKey }: ContractKey) => Buffer.from(storedKey, 'hex');

  beforeAll(async () => {
    server = await startOwnPostgres();
    pool = new pg.Pool({ connectionString: server.url, max: 4, allowExitOnIdle: true });
    pool.on('error', () => undefined);
    await pool.query('CREATE TABLE orders (id serial PRIMARY KEY, key text)');
    store = new PostgresIdempotencyStore({ connection: server.url });
  }, LONG_TEST_MS);

  afterAll(async () => {
    await store.close();
    await pool.end();
    await server.stop();
  });

  const times = { fingerprint: 'v1:same', retentionMs: 60_000 };
  const order = (client: { query(text: string, values?: unknown[]): Promise<unknown> }, key: ContractKey) =>
    client.query('INSERT INTO orders (key) VALUES ($1)', [key.storedKey]);
  const ordersOf = async (key: ContractKey) =>
    (await pool.query('SELECT 1 FROM orders WHERE key = $1', [key.storedKey])).rows.length;

  it.each(['read committed', 'repeatable read', 'serializable'] as const)(
    'ID-63: %s: commits after three leases, renewed all the while, and every duplicate before is busy',
    async (isolationLevel) => {
      const key = new ContractKey(store);
      const claim = await key.acquire({ leaseMs: 300 });
      const renewal = { storedKey: key.storedKey, claim, leaseMs: 300, ...times };
      let isOver = false;
      const renewing = (async () => {
        while (!isOver) {
          expect(await store.extend(renewal)).toBe('ok');
          await wait(30);
        }
      })();
      const answers: string[] = [];
      const duplicates = (async () => {
        while (!isOver) {
          const { kind } = await key.begin();
          if (!isOver) answers.push(kind);
          await wait(100);
        }
      })();

      await store.inTransaction(
        { pool, claim: renewal, retentionMs: 60_000, isolationLevel },
        async (client) => {
          await order(client, key);
          await wait(900);
          isOver = true;
          return { value: 1, outcome: outcomeOf('ordered') };
        },
      );
      await Promise.all([renewing, duplicates]);

      expect(answers.length).toBeGreaterThan(2);
      expect(new Set(answers)).toEqual(new Set(['busy']));
      expect(await ordersOf(key)).toBe(1);
      expect((await key.begin()).kind).toBe('completed');
      // What the heartbeat still sends is no reason to stop the method; another owner's would be.
      expect(await store.extend(renewal)).toBe('ok');
      expect(await key.complete(claim, outcomeOf('too late'))).toBe('ok');
      expect(await key.extend(claim)).toBe('fenced');
    },
    LONG_TEST_MS,
  );

  it('rolls back together what fails together', async () => {
    const key = new ContractKey(store);
    const claim = await key.acquire();
    const failure = new Error('out of stock');

    const work = store.inTransaction(
      { pool, claim: { storedKey: key.storedKey, claim, leaseMs: 60_000, ...times }, retentionMs: 60_000 },
      async (client) => {
        await order(client, key);
        throw failure;
      },
    );

    await expect(work).rejects.toBe(failure);
    expect(await ordersOf(key)).toBe(0);
    expect((await key.read())?.state).toBe('in-progress');
    expect(await key.release(claim.ownerId, claim.fence)).toBe('ok');
  });

  it('ID-13: an owner that was replaced before its transaction does nothing', async () => {
    const key = new ContractKey(store);
    const claim = await key.acquire({ leaseMs: 1 });
    await wait(5);
    await key.complete(await key.acquire(), outcomeOf('new owner'));
    let runs = 0;

    const work = store.inTransaction(
      { pool, claim: { storedKey: key.storedKey, claim, leaseMs: 300, ...times }, retentionMs: 60_000 },
      async () => {
        runs += 1;
        return { value: 1, outcome: outcomeOf('old owner') };
      },
    );

    await expect(work).rejects.toMatchObject({
      code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT',
      superseded: true,
    });
    expect(runs).toBe(0);
  });

  it('ID-14: a connection that is killed before the commit takes effect, outcome and lock with it', async () => {
    const key = new ContractKey(store);
    const claim = await key.acquire({ leaseMs: 50 });
    const renewal = { storedKey: key.storedKey, claim, leaseMs: 50, ...times };

    const work = store.inTransaction({ pool, claim: renewal, retentionMs: 60_000 }, async (client) => {
      await order(client, key);
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
      await pool.query('SELECT pg_terminate_backend($1)', [(rows[0] as { pid: number }).pid]);
      return { value: 1, outcome: outcomeOf('lost') };
    });

    await expect(work).rejects.toThrow();
    await wait(100);
    expect(await ordersOf(key)).toBe(0);
    expect(await key.acquire()).toMatchObject({ attempts: 2, recovered: true });
  });

  it('the bare step commits with the transaction, or not at all, and throws where the claim is lost', async () => {
    const [kept, dropped, lost] = [new ContractKey(store), new ContractKey(store), new ContractKey(store)];
    const client = await pool.connect();
    const completeWithin = async (key: ContractKey, claim = key.acquire(), end = 'COMMIT') => {
      const request = { storedKey: key.storedKey, claim: await claim, outcome: outcomeOf('x'), ...times };
      await client.query('BEGIN');
      try {
        return await store.completeWithin(client, request);
      } finally {
        await client.query(end);
      }
    };
    const old = lost.acquire({ leaseMs: 1 });
    await old;
    await wait(5);
    await lost.acquire();

    expect(await completeWithin(kept)).toBe('ok');
    expect(await completeWithin(dropped, undefined, 'ROLLBACK')).toBe('ok');
    await expect(completeWithin(lost, old, 'ROLLBACK')).rejects.toMatchObject({ superseded: true });
    client.release();
    expect((await kept.begin()).kind).toBe('completed');
    expect((await dropped.begin()).kind).toBe('busy');
  });

  it('the bare step writes a missing record anew, and leaves the lock timeout of its transaction', async () => {
    const key = new ContractKey(store);
    const claim = await key.acquire();
    await pool.query(`DELETE FROM ${TABLE} WHERE key = $1`, [keyOf(key)]);
    const client = await pool.connect();
    await client.query(`BEGIN; SET LOCAL lock_timeout = '7s'`);

    const request = { storedKey: key.storedKey, claim, outcome: outcomeOf('x'), ...times };
    expect(await store.complete(request, { transaction: client })).toBe('recreated');
    const { rows } = await client.query('SHOW lock_timeout');
    await client.query('COMMIT');
    client.release();

    expect(rows).toEqual([{ lock_timeout: '7s' }]);
    expect((await key.begin()).kind).toBe('completed');
  });
});
