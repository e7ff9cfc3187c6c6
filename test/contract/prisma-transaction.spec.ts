import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PrismaPg } from '@prisma/adapter-pg';
import { type CallContext, IdempotencyService, ResilienceModule } from 'nestjs-selfheal';
import { type PostgresQueryable, PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
import { startPostgres, type TestPostgres } from '../support/servers/postgres-server.js';
import { type Prisma, PrismaClient } from './prisma/generated/client.js';

const LONG_TEST_MS = 120_000;
const LEVELS = ['ReadCommitted', 'RepeatableRead', 'Serializable'] as const;
const CREATE_ORDERS =
  "CREATE TABLE orders (id serial PRIMARY KEY, key text NOT NULL, note text NOT NULL DEFAULT '')";

/** What Prisma's interactive transactions look like to the store. */
function clientOf(transaction: Prisma.TransactionClient): PostgresQueryable {
  return {
    query: async (text, values = []) => ({ rows: await transaction.$queryRawUnsafe(text, ...values) }),
  };
}

describe('the PostgreSQL store in a transaction that Prisma opens', () => {
  let server: TestPostgres;
  let prisma: PrismaClient;
  let store: PostgresIdempotencyStore;
  let here: INestApplicationContext;
  let there: INestApplicationContext;
  let keys = 0;

  beforeAll(async () => {
    server = await startPostgres();
    const adapter = new PrismaPg({ connectionString: server.url, allowExitOnIdle: true });
    prisma = new PrismaClient({ adapter });
    await prisma.$executeRawUnsafe(CREATE_ORDERS);
    store = new PostgresIdempotencyStore({ connection: server.url, statementTimeout: '20s' });
    const idempotency = { store, lease: '300ms', storeTimeout: '20s' } as const;
    // Two applications on one store are two processes to each other.
    const start = () =>
      NestFactory.createApplicationContext(ResilienceModule.forRoot({ logger: false, idempotency }), {
        logger: false,
      });
    here = await start();
    there = await start();
  }, LONG_TEST_MS);

  afterAll(async () => {
    await here.close();
    await there.close();
    await store.close();
    await prisma.$disconnect();
    await server.stop();
  });

  const newKey = (): string => `order-${(keys += 1)}`;
  const ordersOf = (key: string) => prisma.order.findMany({ where: { key }, select: { note: true } });
  const guarded = <T>(app: INestApplicationContext, key: string, fn: (call: CallContext) => Promise<T>) =>
    app.get(IdempotencyService).run({ operation: 'orders.place', key }, fn);

  function within<T>(
    claim: CallContext['idempotency'],
    work: (transaction: Prisma.TransactionClient) => Promise<T>,
    isolationLevel: (typeof LEVELS)[number] = 'ReadCommitted',
  ): Promise<T> {
    const open = <R>(run: (client: PostgresQueryable, transaction: Prisma.TransactionClient) => Promise<R>) =>
      prisma.$transaction((transaction) => run(clientOf(transaction), transaction), { isolationLevel });
    return store.inForeignTransaction({ claim, open }, work);
  }

  it.each(LEVELS)(
    'ID-63: %s: commits after three leases with one order, and every duplicate before is in flight',
    async (isolationLevel) => {
      const key = newKey();
      const duplicates: unknown[] = [];
      const duplicate = () => guarded(there, key, () => Promise.reject(new Error('ran again')));
      const work = guarded(here, key, ({ idempotency }) =>
        within(
          idempotency,
          async (transaction) => {
            await transaction.order.create({ data: { key } });
            for (let count = 0; count < 4; count += 1) {
              duplicates.push(await duplicate().catch((error: { code?: string }) => error.code));
              await wait(100);
            }
            return { ordered: key };
          },
          isolationLevel,
        ),
      );

      expect(await work).toEqual({ ordered: key });
      expect(new Set(duplicates)).toEqual(new Set(['RESILIENCE_IDEMPOTENCY_IN_FLIGHT']));
      expect(await duplicate()).toEqual({ ordered: key });
      expect(await ordersOf(key)).toHaveLength(1);
    },
    LONG_TEST_MS,
  );

  it('rolls back together what fails together, and lets the next call run', async () => {
    const key = newKey();
    const failure = new Error('out of stock');
    const work = guarded(here, key, ({ idempotency }) =>
      within(idempotency, async (transaction) => {
        await transaction.order.create({ data: { key } });
        throw failure;
      }),
    );

    await expect(work).rejects.toBe(failure);
    expect(await ordersOf(key)).toEqual([]);
    expect(await guarded(there, key, async () => 'ran')).toBe('ran');
  });

  it('ID-13: an owner that was replaced before its transaction writes nothing, and is told what was recorded', async () => {
    const key = newKey();
    const place = (note: string) => (transaction: Prisma.TransactionClient) =>
      transaction.order.create({ data: { key, note } }).then(() => note);
    const old = guarded(here, key, async ({ idempotency }) => {
      await there.get(IdempotencyService).forget({ operation: 'orders.place', key });
      await guarded(there, key, (call) => within(call.idempotency, place('new owner')));
      return within(idempotency, place('old owner'));
    });

    expect(await old).toBe('new owner');
    expect(await ordersOf(key)).toEqual([{ note: 'new owner' }]);
  });
});
