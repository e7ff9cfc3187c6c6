import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  PostgresIdempotencyStore,
  type PostgresIdempotencyStoreOptions,
  postgresSchemaSql,
} from '../../lib/adapters/postgres/index.js';
import { IDEMPOTENCY_STORE_CONTRACT } from '../../lib/testing/idempotency-store-contract.js';
import { ContractKey, newOwner, outcomeOf } from '../../lib/testing/store-contract-world.js';
import { databaseOf, startPostgres, type TestPostgres } from '../support/servers/postgres-server.js';
import { expectOneOwner, expectOneTakeover, freshKeys, raceKeys } from '../support/servers/store-race.js';
import { StoreRivals } from '../support/servers/store-rivals.js';

const LONG_TEST_MS = 120_000;
/** 300, as the cases say, take minutes on two cores. */
const RACE = raceKeys(50);
const TABLE = 'public.selfheal_idempotency';

describe('the PostgreSQL store', () => {
  let server: TestPostgres;
  let pool: pg.Pool;
  let store: PostgresIdempotencyStore;
  const keyOf = ({ storedKey }: ContractKey) => Buffer.from(storedKey, 'hex');
  const storeOf = (options: Omit<PostgresIdempotencyStoreOptions, 'connection'> = {}) =>
    new PostgresIdempotencyStore({ connection: server.url, ...options });

  beforeAll(async () => {
    server = await startPostgres();
    pool = new pg.Pool({ connectionString: server.url, max: 4, allowExitOnIdle: true });
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    store = storeOf();
    await store.prepare();
  }, LONG_TEST_MS);

  afterAll(async () => {
    await store.close();
    await pool.end();
    await server.stop();
  });

  describe('keeps the contract with a pool of its own', () => {
    for (const { name, run } of IDEMPOTENCY_STORE_CONTRACT) {
      // oxlint-disable-next-line jest/expect-expect -- the case asserts by itself
      it(name, () => run({ store, pass: (milliseconds) => wait(milliseconds) }), LONG_TEST_MS);
    }
  });

  describe('keeps the contract with a pool whose sessions are serializable', () => {
    let given: pg.Pool;
    beforeAll(() => {
      const options = '-c default_transaction_isolation=serializable';
      given = new pg.Pool({ connectionString: server.url, max: 4, allowExitOnIdle: true, options });
    });
    afterAll(() => given.end());

    for (const { name, run } of IDEMPOTENCY_STORE_CONTRACT) {
      // oxlint-disable-next-line jest/expect-expect -- the case asserts by itself
      it(
        name,
        () =>
          run({
            store: new PostgresIdempotencyStore({ pool: given }),
            pass: (milliseconds) => wait(milliseconds),
          }),
        LONG_TEST_MS,
      );
    }
  });

  describe('between processes', () => {
    let rivals: StoreRivals;
    beforeAll(async () => {
      const script = `import { PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
const store = new PostgresIdempotencyStore({ connection: ${JSON.stringify(server.url)}, statementTimeout: '20s' });
const close = () => store.close();`;
      rivals = await StoreRivals.create({ peers: ['pg'], script });
    }, LONG_TEST_MS);
    afterAll(() => rivals.remove());

    it(
      'ID-01, ID-02: of 80 contended begins from 4 processes for each key one is acquired, and none fails',
      () => expectOneOwner(rivals, freshKeys(RACE.count), { completes: false }),
      RACE.atMostMs,
    );

    it(
      'ID-01: the same when the winner completes at once',
      () => expectOneOwner(rivals, freshKeys(RACE.count), { completes: true }),
      RACE.atMostMs,
    );

    it(
      'ID-03: exactly one takes over each claim that ended in silence',
      () => expectOneTakeover(rivals, store, freshKeys(RACE.count)),
      RACE.atMostMs,
    );

    it(
      'ID-59: 8 processes that start at once on an empty database make one table and one sequence',
      async () => {
        const empty = `selfheal_empty_${newOwner()}`;
        await pool.query(`CREATE DATABASE ${empty}`);
        const url = databaseOf(server.url, empty);
        const script = `import { PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
const store = new PostgresIdempotencyStore({ connection: ${JSON.stringify(url)}, statementTimeout: '20s' });
const close = () => store.close();`;
        const starting = await StoreRivals.create({ peers: ['pg'], script });
        const race = { keys: freshKeys(1), processes: 8, begins: 1, leaseMs: 60_000, completes: false };

        const answers = await starting.race(race);
        await starting.remove();
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        const { rows } = await client.query(
          `SELECT relkind FROM pg_class WHERE relname LIKE 'selfheal%' AND relkind IN ('r', 'S') ORDER BY relkind`,
        );
        await client.end();
        await pool.query(`DROP DATABASE ${empty} WITH (FORCE)`);

        expect(answers.length).toBe(8);
        expect(rows).toEqual([{ relkind: 'S' }, { relkind: 'r' }]);
      },
      LONG_TEST_MS,
    );
  });

  it('ID-02: a key that was inserted after the snapshot of a begin is looked at again', async () => {
    const key = new ContractKey(store);
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query(
      `INSERT INTO ${TABLE} VALUES ($1, 1, 'claimed', 'v1:same', 'somebody', 1, 1, false,
        now() + interval '1 minute', now() + interval '1 hour', NULL, NULL, NULL, now(), NULL)`,
      [keyOf(key)],
    );

    const begun = key.begin();
    await wait(60);
    await other.query('COMMIT');
    other.release();

    expect(await begun).toMatchObject({ kind: 'busy' });
    expect((await key.begin()).kind).toBe('busy');
  });

  it('ID-02: a begin that waits for an insert that is rolled back owns the key for its whole lease', async () => {
    const key = new ContractKey(store);
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query(
      `INSERT INTO ${TABLE} VALUES ($1, 1, 'claimed', 'v1:same', 'somebody', 1, 1, false,
        now() + interval '1 minute', now() + interval '1 hour', NULL, NULL, NULL, now(), NULL)`,
      [keyOf(key)],
    );

    const begun = key.begin({ leaseMs: 1_000 });
    await wait(150);
    await other.query('ROLLBACK');
    other.release();

    expect((await begun).kind).toBe('acquired');
    expect((await key.read())?.leaseLeftMs).toBeGreaterThan(870);
  });

  it('a takeover that waits for the row has a lease that counts from when it got it', async () => {
    const key = new ContractKey(store);
    const old = await key.acquire({ leaseMs: 1 });
    await wait(5);
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM ${TABLE} WHERE key = $1 FOR UPDATE`, [keyOf(key)]);

    const begun = key.begin({ leaseMs: 1_000 });
    await wait(150);
    await other.query('COMMIT');
    other.release();

    const answer = await begun;
    expect(answer).toMatchObject({ kind: 'acquired', tookOver: true });
    expect(answer.kind === 'acquired' && BigInt(answer.claim.fence) > BigInt(old.fence)).toBe(true);
    expect((await key.read())?.leaseLeftMs).toBeGreaterThan(900);
  });

  it('ID-01: what an owner does waits for the row as long as somebody waits for it, not one lock timeout', async () => {
    const key = new ContractKey(store);
    const claim = await key.acquire();
    const impatient = storeOf({ lockTimeout: '20ms' });
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM ${TABLE} WHERE key = $1 FOR UPDATE`, [keyOf(key)]);

    const completed = impatient.complete({
      storedKey: key.storedKey,
      claim,
      fingerprint: 'v1:same',
      retentionMs: 60_000,
      outcome: outcomeOf('done'),
    });
    await wait(120);
    await other.query('COMMIT');
    other.release();

    expect(await completed).toBe('ok');
    await impatient.close();
  });

  it('a row that stays locked is busy, and no outage', async () => {
    const key = new ContractKey(store);
    await key.acquire({ leaseMs: 1 });
    await wait(5);
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM ${TABLE} WHERE key = $1 FOR UPDATE`, [keyOf(key)]);
    const beganMs = performance.now();

    const answer = await key.begin();
    await other.query('ROLLBACK');
    other.release();

    expect(answer.kind).toBe('busy');
    expect(performance.now() - beganMs).toBeLessThan(1_000);
  });

  it('ID-04: a begin that is executed late is given back by owner, or blocks for one lease', async () => {
    const own = storeOf({ lockTimeout: '2s', statementTimeout: '5s' });
    const key = new ContractKey(own);
    await own.ping();
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query(`LOCK TABLE ${TABLE} IN ACCESS EXCLUSIVE MODE`);
    const ownerId = newOwner();

    const begun = own.begin(
      { storedKey: key.storedKey, ownerId, fingerprint: '', leaseMs: 300, retentionMs: 60_000 },
      { signal: AbortSignal.timeout(200) },
    );
    await expect(begun).rejects.toThrow('timeout');
    const released = key.release(ownerId);
    await wait(400);
    await other.query('COMMIT');
    other.release();

    expect(['ok', 'gone']).toContain(await released);
    // Counted from the late execution, whenever that was.
    const endMs = performance.now() + 300 + 700;
    let answer = await key.begin();
    while (answer.kind === 'busy' && performance.now() < endMs) {
      await wait(20);
      answer = await key.begin();
    }
    await own.close();
    expect(answer.kind).toBe('acquired');
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

  it('ID-19: a record that was deleted is written anew by extend, and by complete', async () => {
    const [first, second] = [new ContractKey(store), new ContractKey(store)];
    const [one, other] = [await first.acquire(), await second.acquire()];
    await pool.query(`DELETE FROM ${TABLE} WHERE key IN ($1, $2)`, [keyOf(first), keyOf(second)]);

    expect(await first.extend(one)).toBe('recreated');
    expect((await first.begin()).kind).toBe('busy');
    expect(await second.complete(other)).toBe('recreated');
    expect((await second.begin()).kind).toBe('completed');
  });

  it(
    'ID-58: two that sweep at once remove 50 000 expired records and nothing else',
    async () => {
      const own = storeOf({ table: 'swept', statementTimeout: '20s' });
      await own.prepare();
      const rows = (count: number, state: number, lease: string, retention: string) =>
        pool.query(
          `INSERT INTO swept SELECT decode(md5(random()::text || i) || md5(i::text), 'hex'), ${state}, 'x', '', 'o', i, 1,
            false, now() + interval '${lease}', now() + interval '${retention}', 'value', '', '', now(), now()
          FROM generate_series(1, ${count}) i`,
        );
      await rows(50_000, 2, '0', '-1 minute');
      await rows(100, 2, '0', '1 hour');
      await rows(50, 1, '-1 minute', '1 hour');
      await rows(50, 1, '1 minute', '1 hour');

      const removed = await Promise.all([own.sweep(100_000), own.sweep(100_000)]);
      const left = await pool.query('SELECT count(*)::int AS count FROM swept');
      await own.close();

      expect(removed[0] + removed[1]).toBe(50_000);
      expect(left.rows).toEqual([{ count: 200 }]);
    },
    LONG_TEST_MS,
  );

  it('ID-61: every operation is one statement; a replay and a refusal touch no row', async () => {
    let statements = 0;
    const counting = {
      query: (text: string, values?: unknown[]) => {
        statements += 1;
        return pool.query(text, values);
      },
    };
    const key = new ContractKey(new PostgresIdempotencyStore({ pool: counting, createTable: false }));
    const version = async () =>
      (await pool.query(`SELECT ctid, xmin, xmax FROM ${TABLE} WHERE key = $1`, [keyOf(key)])).rows[0];

    const claim = await key.acquire();
    const running = await version();
    expect((await key.begin()).kind).toBe('busy');
    expect((await key.begin({ fingerprint: 'v1:other' })).kind).toBe('mismatch');
    expect(await version()).toEqual(running);
    await key.complete(claim);
    const done = await version();
    expect((await key.begin()).kind).toBe('completed');
    expect((await key.begin({ fingerprint: 'v1:other' })).kind).toBe('mismatch');

    expect(await version()).toEqual(done);
    expect(statements).toBe(6);
  });

  it('leaves the settings of a connection that it was lent as they were', async () => {
    const client = await pool.connect();
    const before = await client.query('SHOW lock_timeout');
    const key = new ContractKey(new PostgresIdempotencyStore({ pool: client }));
    await key.complete(await key.acquire());
    const after = await client.query('SHOW lock_timeout');
    client.release();

    expect(after.rows).toEqual(before.rows);
  });

  it('a claim that was sent again takes no number of the sequence', async () => {
    const key = new ContractKey(store);
    const last = async () => (await pool.query(`SELECT last_value FROM ${TABLE}_fence`)).rows[0];
    const ownerId = newOwner();
    await key.acquire({ ownerId });
    const before = await last();

    await key.acquire({ ownerId });

    expect(await last()).toEqual(before);
  });

  it('ID-60: refuses what is no pool and says what it expects', () => {
    const make = (options: unknown) => () =>
      new PostgresIdempotencyStore(options as PostgresIdempotencyStoreOptions);

    expect(make({})).toThrow(/pool must be given, or else `connection`/);
    expect(make({ pool: {} })).toThrow(/must be a pool of pg \(8\.11 or above\)/);
    expect(make({ connection: 'x', pool })).toThrow(/not both/);
    expect(make({ connection: 'x', table: 'x'.repeat(60) })).toThrow(/at most 48 bytes/);
  });

  it('has the same schema as SQL file', async () => {
    const file = new URL('../../lib/adapters/postgres/postgres-schema.sql', import.meta.url);

    expect(await readFile(file, 'utf8')).toBe(postgresSchemaSql());
  });

  it('quotes whatever names it is given', async () => {
    await pool.query('CREATE SCHEMA "od""d\'s"');
    const own = storeOf({ schema: `od"d's`, table: `It"s \\ 'odd'` });
    const key = new ContractKey(own);

    expect(await key.complete(await key.acquire(), outcomeOf('odd'))).toBe('ok');
    expect((await key.begin()).kind).toBe('completed');
    await own.close();
  });
});
