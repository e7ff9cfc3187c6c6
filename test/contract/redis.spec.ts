import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { type RedisClientLike, RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import { IDEMPOTENCY_STORE_CONTRACT } from '../../lib/testing/idempotency-store-contract.js';
import { ContractKey, newOwner, outcomeOf } from '../../lib/testing/store-contract-world.js';
import { startOwnRedis, startRedis, type TestRedis } from '../support/servers/redis-server.js';
import { expectOneOwner, expectOneTakeover, freshKeys, raceKeys } from '../support/servers/store-race.js';
import { StoreRivals } from '../support/servers/store-rivals.js';

const LONG_TEST_MS = 120_000;
const RACE = raceKeys();

interface Connected {
  readonly client: RedisClientLike;
  /** Any command, for what a test does behind the store's back. */
  command(...words: string[]): Promise<unknown>;
  close(): Promise<void>;
}

async function ioRedis(url: string, settings = {}): Promise<Connected> {
  const client = new Redis(url, { enableOfflineQueue: false, lazyConnect: true, ...settings });
  client.on('error', () => undefined);
  await client.connect();
  const command = (name = '', ...words: string[]) => client.call(name, ...words);
  const ended = once(client, 'end');
  const close = async (): Promise<void> => {
    client.disconnect();
    await ended;
  };
  return { client, command, close };
}

async function nodeRedis(url: string, settings = {}): Promise<Connected> {
  const client = createClient({ url, disableOfflineQueue: true, ...settings });
  client.on('error', () => undefined);
  await client.connect();
  const command = (...words: string[]) => client.sendCommand(words);
  return { client, command, close: async () => client.destroy() };
}

const LIBRARIES = [
  {
    library: 'ioredis',
    connect: ioRedis,
    offlineQueueOn: { enableOfflineQueue: true },
    open: (url: string) => `import { Redis } from 'ioredis';
const client = new Redis(${JSON.stringify(url)});
const close = () => client.quit();`,
  },
  {
    library: 'redis',
    connect: nodeRedis,
    offlineQueueOn: { disableOfflineQueue: false },
    open: (url: string) => `import { createClient } from 'redis';
const client = await createClient({ url: ${JSON.stringify(url)} }).connect();
const close = () => client.close();`,
  },
] as const;

describe.each(LIBRARIES)('the Redis store over $library, on any server', ({ library, connect, open }) => {
  let server: TestRedis;
  let connected: Connected;
  let store: RedisIdempotencyStore;

  beforeAll(async () => {
    server = await startRedis();
    connected = await connect(server.url);
    store = new RedisIdempotencyStore({ client: connected.client, namespace: server.namespace });
  }, LONG_TEST_MS);

  afterAll(async () => {
    await connected.close();
    await server.stop();
  });

  describe('keeps the contract', () => {
    for (const { name, run } of IDEMPOTENCY_STORE_CONTRACT) {
      // oxlint-disable-next-line jest/expect-expect -- the case asserts by itself
      it(name, () => run({ store, pass: (milliseconds) => wait(milliseconds) }), LONG_TEST_MS);
    }
  });

  describe('between processes', () => {
    let rivals: StoreRivals;
    beforeAll(async () => {
      const script = `import { RedisIdempotencyStore } from 'nestjs-selfheal/redis';
${open(server.url)}
const store = new RedisIdempotencyStore({ client, namespace: '${server.namespace}' });`;
      rivals = await StoreRivals.create({ peers: [library], script });
    }, LONG_TEST_MS);
    afterAll(() => rivals.remove());

    it(
      'ID-01: of 80 begins from 4 processes for each of many keys exactly one is acquired',
      () => expectOneOwner(rivals, freshKeys(RACE.count), { completes: false }),
      RACE.atMostMs,
    );

    it(
      'ID-01: the same when the winner completes at once',
      () => expectOneOwner(rivals, freshKeys(RACE.count), { completes: true }),
      RACE.atMostMs,
    );

    it(
      'ID-03: exactly one takes over each of many claims that ended in silence',
      () => expectOneTakeover(rivals, store, freshKeys(RACE.count)),
      RACE.atMostMs,
    );
  });
});

describe.each(LIBRARIES)(
  'the Redis store over $library, on a server of its own',
  ({ library, connect, offlineQueueOn }) => {
    let server: Awaited<ReturnType<typeof startOwnRedis>>;
    let connected: Connected;
    let store: RedisIdempotencyStore;
    const others: Connected[] = [];
    const opened = async (settings = {}, url = server.url): Promise<Connected> => {
      const other = await connect(url, settings);
      others.push(other);
      return other;
    };

    beforeAll(async () => {
      server = await startOwnRedis();
      connected = await connect(server.url);
      store = new RedisIdempotencyStore({ client: connected.client, namespace: `test-${library}` });
    }, LONG_TEST_MS);

    afterEach(async () => {
      for (const other of others.splice(0)) await other.close();
    });

    afterAll(async () => {
      await connected.close();
      await server.stop();
    });

    it('ID-04: a begin that the server executes late is given back by owner, or blocks for one lease', async () => {
      const key = new ContractKey(store);
      const ownerId = newOwner();
      await (await opened()).command('CLIENT', 'PAUSE', '600', 'ALL');
      const beganMs = performance.now();

      const begun = key.store.begin(
        { storedKey: key.storedKey, ownerId, fingerprint: '', leaseMs: 300, retentionMs: 60_000 },
        { signal: AbortSignal.timeout(200) },
      );

      await expect(begun).rejects.toThrow('timeout');
      expect(performance.now() - beganMs).toBeLessThan(550);
      expect(['ok', 'gone']).toContain(await key.release(ownerId));
      await wait(310);
      expect((await key.acquire()).ownerId).not.toBe(ownerId);
    });

    it('ID-10: an owner that is gone keeps others busy until its lease is over, never less', async () => {
      const key = new ContractKey(store);
      const beganMs = performance.now();
      await key.acquire({ leaseMs: 400 });
      let answer = await key.begin();
      while (answer.kind === 'busy') {
        await wait(10);
        answer = await key.begin();
      }

      expect(performance.now() - beganMs).toBeGreaterThanOrEqual(398);
      expect(answer).toMatchObject({
        kind: 'acquired',
        tookOver: true,
        claim: { attempts: 2, recovered: true },
      });
    });

    it('ID-16: a fence one hour ahead of the server is passed, as digits without an exponent', async () => {
      const key = new ContractKey(store);
      const ahead = String((Date.now() + 3_600_000) * 1000);
      const name = `test-${library}:${key.storedKey}`;
      const claim = await key.acquire({ leaseMs: 1 });
      expect(claim.fence).toMatch(/^\d{16}$/);
      await connected.command('HSET', name, 'n', ahead);
      await wait(5);

      const { fence } = await key.acquire();

      expect(BigInt(fence)).toBe(BigInt(ahead) + 1n);
      const fields = (await connected.command('HMGET', name, 'n', 'l')) as string[];
      expect(fields.every((field) => /^\d+$/.test(field))).toBe(true);
    });

    it('ID-16: carries the one over nines, and into a new digit', async () => {
      for (const [last, next] of [
        ['9007199254740999999', '9007199254741000000'],
        ['99999999999999999999', '100000000000000000000'],
      ]) {
        const key = new ContractKey(store);
        await key.acquire({ leaseMs: 1 });
        await connected.command('HSET', `test-${library}:${key.storedKey}`, 'n', last ?? '');
        await wait(5);

        expect((await key.acquire()).fence).toBe(next);
      }
    });

    it('ID-19: a record that was deleted is written anew by extend, and by complete', async () => {
      const [first, second] = [new ContractKey(store), new ContractKey(store)];
      const [one, other] = [await first.acquire(), await second.acquire()];
      for (const { storedKey } of [first, second])
        await connected.command('DEL', `test-${library}:${storedKey}`);

      expect(await first.extend(one)).toBe('recreated');
      expect((await first.begin()).kind).toBe('busy');
      expect(await second.complete(other)).toBe('recreated');
      expect((await second.begin()).kind).toBe('completed');
    });

    it('ID-20: warns of a server that evicts, and of an offline queue, each by one sentence', async () => {
      expect(await store.warnings()).toEqual([]);
      await connected.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      const { client } = await opened(offlineQueueOn);

      const [evicting, ...more] = await store.warnings();
      const both = await new RedisIdempotencyStore({ client }).warnings();
      await connected.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');

      expect(evicting).toContain('allkeys-lru');
      expect(more).toEqual([]);
      expect(both.length).toBe(2);
      expect(both.join()).toContain('offline queue');
    });

    it('ID-20: a user who may not read the setting is no reason to fail', async () => {
      await connected.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      await connected.command('ACL', 'SETUSER', 'careful', 'on', '>secret', '~*', '+@all', '-config');
      const { client } = await opened({}, server.url.replace('redis://', 'redis://careful:secret@'));
      const careful = new RedisIdempotencyStore({ client });

      expect(await careful.warnings()).toEqual([]);
      await new ContractKey(careful).acquire();
      await connected.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    });

    it('goes on when the server has forgotten its scripts', async () => {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      await connected.command('SCRIPT', 'FLUSH');

      expect(await key.complete(claim)).toBe('ok');
      expect((await key.begin()).kind).toBe('completed');
    });

    it('changes nothing where a full server refuses the change', async () => {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      await connected.command('CONFIG', 'SET', 'maxmemory', '1');

      await expect(key.complete(claim, outcomeOf('x'.repeat(1000)))).rejects.toThrow('OOM');
      await expect(new ContractKey(store).begin()).rejects.toThrow('OOM');
      expect(await key.read()).toMatchObject({ state: 'in-progress', fence: claim.fence });
      await connected.command('CONFIG', 'SET', 'maxmemory', '0');
      expect(await key.complete(claim)).toBe('ok');
    });

    it('ID-26: every operation of a server that is frozen ends with its signal', async () => {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      const { storedKey } = key;
      const all = { storedKey, claim, fingerprint: '', outcome: outcomeOf('x'), ...claim };
      const times = { leaseMs: 1_000, retentionMs: 60_000, recoveredRetentionMs: 60_000 };
      server.process.signal('SIGSTOP');
      const signal = AbortSignal.timeout(150);

      const calls = [
        store.begin({ ...all, ...times }, { signal }),
        store.extend({ ...all, ...times }, { signal }),
        store.complete({ ...all, ...times }, { signal }),
        store.release({ ...all, ...times }, { signal }),
        store.read(storedKey, { signal }),
        store.ping({ signal }),
      ];
      const ended = await Promise.allSettled(calls);
      const warnings = await store.warnings({ signal: AbortSignal.timeout(50) });
      server.process.signal('SIGCONT');

      expect(ended.every(({ status }) => status === 'rejected')).toBe(true);
      expect(warnings).toEqual([]);
      await store.ping();
    });

    it('ID-61: a first call is two round trips, a replay and a refusal one', async () => {
      const evals = async () =>
        Number(
          /cmdstat_evalsha:calls=(\d+)/.exec(String(await connected.command('INFO', 'commandstats')))?.[1] ??
            0,
        );
      const key = new ContractKey(store);
      const start = await evals();
      await key.complete(await key.acquire());
      const first = (await evals()) - start;
      await key.begin();
      await key.begin({ fingerprint: 'v1:other' });

      expect(first).toBe(2);
      expect((await evals()) - start).toBe(4);
    });

    it('waits for replicas where it is told to, and goes on where none is there', async () => {
      const waiting = new RedisIdempotencyStore({
        client: connected.client,
        waitForReplicas: { replicas: 1, atMost: 30 },
      });
      const key = new ContractKey(waiting);
      const beganMs = performance.now();

      expect(await key.complete(await key.acquire())).toBe('ok');
      expect(performance.now() - beganMs).toBeGreaterThanOrEqual(58);
    });
  },
);

describe('a Redis store', () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await startOwnRedis();
  }, LONG_TEST_MS);
  afterAll(() => server.stop());

  it('ID-60: refuses what is no client and says what it expects', () => {
    for (const client of [undefined, {}, 'redis://localhost', { get: () => undefined }]) {
      expect(() => new RedisIdempotencyStore({ client: client as unknown as RedisClientLike })).toThrow(
        /ioredis \(5 or above\) or of redis \(node-redis, 5 or above\)/,
      );
    }
  });

  it('asks a cluster by its own commands, since words alone do not say which server they are for', async () => {
    const asked: unknown[] = [];
    const cluster = {
      withTypeMapping: () => cluster,
      evalSha: async (sha1: string, { keys, arguments: args }: { keys: string[]; arguments: string[] }) => {
        asked.push([sha1.length, keys, args.length]);
        return ['ok'].map((each) => Buffer.from(each));
      },
      eval: async () => [],
      sendCommand: async (_firstKey: string, _isReadonly: boolean, _args: string[], _options: object) => {
        throw new Error('not for us');
      },
    };
    const store = new RedisIdempotencyStore({ client: cluster });

    const answer = await store.release({
      storedKey: 'key',
      ownerId: 'me',
      retentionMs: 1,
      recoveredRetentionMs: 2,
    });

    expect(answer).toBe('ok');
    expect(asked).toEqual([[40, ['selfheal:key'], 4]]);
  });

  it('is refused by what a client throws at once as by what it rejects with', async () => {
    const client = {
      evalshaBuffer: () => {
        throw new Error('no connection');
      },
      evalBuffer: async () => [],
      evalsha: async () => [],
      eval: async () => [],
      callBuffer: async () => [],
    };
    const store = new RedisIdempotencyStore({ client });

    await expect(store.read('key')).rejects.toThrow('no connection');
  });

  it('gives the same records to both libraries', async () => {
    const [one, other] = [await ioRedis(server.url), await nodeRedis(server.url)];
    const key = new ContractKey(new RedisIdempotencyStore({ client: one.client }));
    const claim = await key.acquire();
    const body = randomBytes(2_000);

    const otherStore = new RedisIdempotencyStore({ client: other.client });
    const times = { fingerprint: 'v1:same', retentionMs: 60_000 };
    const outcome = { kind: 'wire', metadata: '{}', body } as const;
    expect(await otherStore.complete({ storedKey: key.storedKey, claim, outcome, ...times })).toBe('ok');
    const replay = await key.begin();
    await one.close();
    await other.close();

    expect(replay.kind === 'completed' && Buffer.from(replay.outcome.body).equals(body)).toBe(true);
  });
});
