import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import {
  IdempotencyService,
  type IdempotencyStore,
  type ResilienceEvent,
  ResilienceEvents,
  ResilienceModule,
} from 'nestjs-selfheal';
import { PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
import { RedisIdempotencyStore } from 'nestjs-selfheal/redis';
import { ContractKey, outcomeOf } from '../../lib/testing/store-contract-world.js';
import { startOwnPostgres } from '../support/servers/postgres-server.js';
import { startOwnRedis } from '../support/servers/redis-server.js';

const LONG_TEST_MS = 180_000;

/** A server that is stopped, killed and frozen, and stores over it. */
interface OwnServer {
  readonly store: IdempotencyStore;
  crash(): Promise<void>;
  restart(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  stop(): Promise<void>;
}

async function ownRedis(): Promise<OwnServer> {
  const server = await startOwnRedis('--appendonly', 'yes', '--appendfsync', 'always');
  // As it is without settings: with an offline queue, and patient.
  const client = new Redis(server.url, { lazyConnect: true });
  client.on('error', () => undefined);
  await client.connect();
  return {
    store: new RedisIdempotencyStore({ client }),
    crash: () => server.crash(),
    restart: () => server.restart(),
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    stop: async () => {
      await disconnected(client);
      await server.stop();
    },
  };
}

async function disconnected(client: Redis): Promise<void> {
  const ended = once(client, 'end');
  client.disconnect();
  await ended;
}

async function ownPostgres(): Promise<OwnServer> {
  const server = await startOwnPostgres();
  const store = new PostgresIdempotencyStore({ connection: server.url });
  await store.prepare();
  return {
    store,
    crash: () => server.crash(),
    restart: () => server.restart(),
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    stop: async () => {
      await store.close();
      await server.stop();
    },
  };
}

describe.each([
  { name: 'Redis', start: ownRedis },
  { name: 'PostgreSQL', start: ownPostgres },
])('a $name server that goes away', ({ start }) => {
  const open: { close(): Promise<void> }[] = [];

  async function begun(): Promise<OwnServer> {
    const server = await start();
    open.push({ close: () => server.stop() });
    return server;
  }

  async function replica(store: IdempotencyStore, onStoreDown: 'fail' | 'run' = 'fail') {
    const idempotency = { store, storeTimeout: '1s', lease: '2s', onStoreDown } as const;
    const module = ResilienceModule.forRoot({ logger: false, idempotency });
    const app: INestApplicationContext = await NestFactory.createApplicationContext(module, {
      logger: false,
    });
    const events: ResilienceEvent[] = [];
    app.get(ResilienceEvents).subscribe((event) => events.push(event));
    open.push({ close: () => app.close() });
    return { service: app.get(IdempotencyService), events };
  }

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  }, LONG_TEST_MS);

  it(
    "ID-24: under onStoreDown: 'run' each call runs and is told so by an event, and nothing is recorded",
    async () => {
      const server = await begun();
      const { service, events } = await replica(server.store, 'run');
      const record = { operation: 'unguarded', key: 'key' };
      let runs = 0;
      await server.crash();

      const answers = [
        await service.run(record, async () => (runs += 1)),
        await service.run(record, async () => (runs += 1)),
      ];
      await server.restart();
      // What an offline queue has kept is sent now, and is given back.
      await wait(500);

      expect(answers).toEqual([1, 2]);
      expect(events.filter(({ kind }) => kind === 'idempotency.store-down')).toMatchObject([
        { phase: 'begin', ranUnguarded: true },
        { phase: 'begin', ranUnguarded: true },
      ]);
      expect((await service.inspect(record))?.state ?? 'released').toBe('released');
    },
    LONG_TEST_MS,
  );

  it(
    'ID-25: killed between begin and complete, the caller has its answer, and the record is completed later by itself',
    async () => {
      const server = await begun();
      const [owner, other] = [await replica(server.store), await replica(server.store)];
      const record = { operation: 'slow', key: 'key' };
      let runs = 0;
      let endedMs = 0;

      const answer = await owner.service.run(record, async () => {
        runs += 1;
        await server.crash();
        endedMs = performance.now();
        return 'done';
      });
      const waitedMs = performance.now() - endedMs;
      const again = async () => (runs += 1);
      await expect(other.service.run(record, again)).rejects.toMatchObject({ phase: 'begin' });
      expect(await owner.service.run(record, again)).toBe('done');
      await server.restart();
      await expect(recordedBy(other.service, record)).resolves.toBe('completed');

      expect(answer).toBe('done');
      expect(waitedMs).toBeLessThan(5_000);
      expect(await other.service.run(record, again)).toBe('done');
      expect(runs).toBe(1);
    },
    LONG_TEST_MS,
  );

  it(
    'ID-21: completed records replay after every process of the server was killed',
    async () => {
      const { store, crash, restart } = await begun();
      const keys = Array.from({ length: 20 }, () => new ContractKey(store));
      for (const key of keys) await key.complete(await key.acquire(), outcomeOf(key.storedKey));

      await crash();
      await restart();

      for (const key of keys) {
        const answer = await key.begin();
        expect(answer.kind === 'completed' && Buffer.from(answer.outcome.body).toString()).toBe(
          key.storedKey,
        );
      }
    },
    LONG_TEST_MS,
  );

  it(
    'ID-26: frozen, every operation ends with its signal, and a call is refused within the store timeout',
    async () => {
      const server = await begun();
      const { store } = server;
      const { service } = await replica(store);
      const key = new ContractKey(store);
      const claim = await key.acquire();
      const { storedKey } = key;
      const all = { storedKey, claim, fingerprint: '', outcome: outcomeOf('x'), ...claim };
      const times = { leaseMs: 1_000, retentionMs: 60_000, recoveredRetentionMs: 60_000 };
      let runs = 0;
      await server.freeze();
      const signal = AbortSignal.timeout(300);

      const ended = await Promise.allSettled([
        store.begin({ ...all, ...times }, { signal }),
        store.extend({ ...all, ...times }, { signal }),
        store.complete({ ...all, ...times }, { signal }),
        store.release({ ...all, ...times }, { signal }),
        store.read(storedKey, { signal }),
        store.ping({ signal }),
      ]);
      const refused = service.run({ operation: 'frozen', key: 'key' }, async () => (runs += 1));
      await expect(refused).rejects.toMatchObject({ phase: 'begin', retryAfterMs: 1_000 });
      await server.thaw();
      await wait(300);

      expect(ended.map(({ status }) => status)).toEqual(Array.from(ended, () => 'rejected'));
      expect(runs).toBe(0);
    },
    LONG_TEST_MS,
  );
});

/** The state of a record, asked until it has left its claim behind. */
async function recordedBy(service: IdempotencyService, record: { operation: string; key: string }) {
  const endMs = performance.now() + 20_000;
  for (;;) {
    const view = await service.inspect(record).catch(() => undefined);
    if (view?.state === 'completed' || performance.now() > endMs) return view?.state;
    await wait(50);
  }
}

describe('a Redis replica that is promoted', () => {
  it(
    'ID-22: gives a higher fence than the lost claim had, and the old owner is fenced there',
    async () => {
      const primary = await startOwnRedis();
      const replica = await startOwnRedis();
      const retryStrategy = () => null;
      const [one, other] = [primary, replica].map(({ url }) => new Redis(url, { retryStrategy }));
      if (one === undefined || other === undefined) throw new Error('two servers, two clients');
      for (const client of [one, other]) client.on('error', () => undefined);
      const { port } = new URL(primary.url);
      await other.call('REPLICAOF', '127.0.0.1', port);
      while (!String(await other.info('replication')).includes('master_link_status:up')) await wait(20);
      // The link is cut: what is claimed from now on is not copied.
      await other.call('REPLICAOF', '127.0.0.1', '1');
      const key = new ContractKey(new RedisIdempotencyStore({ client: one }));
      const claimOfA = await key.acquire();
      await primary.crash();
      await other.call('REPLICAOF', 'NO', 'ONE');

      const promoted = new ContractKey(new RedisIdempotencyStore({ client: other }), key.storedKey);
      const claimOfB = await promoted.acquire();

      expect(BigInt(claimOfB.fence) > BigInt(claimOfA.fence)).toBe(true);
      expect(claimOfB).toMatchObject({ attempts: 1, recovered: false });
      expect(await promoted.extend(claimOfA)).toBe('fenced');
      expect(await promoted.complete(claimOfA, outcomeOf('A'))).toBe('fenced');
      expect(await promoted.complete(claimOfB, outcomeOf('B'))).toBe('ok');
      await disconnected(other);
      await primary.stop();
      await replica.stop();
    },
    LONG_TEST_MS,
  );
});
