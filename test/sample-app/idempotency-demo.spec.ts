import { afterEach, describe, expect, it } from '@jest/globals';
import { startPostgres } from '../support/servers/postgres-server.js';
import { commandOf, leftOf, Running } from './running.js';

const SECONDS = 1_000;
/** Whatever is given to the tests, a demo that is to start a Redis of its own is not told. */
const NO_SERVER = { REDIS_URL: '', DATABASE_URL: '' };
/** The first of three scenes is over, and nobody has been killed yet. */
const FIRST_SCENE = /1\. a client times out/;

describe('npm run demo -- --orders', () => {
  let demo: Running;

  afterEach(() => demo.end());

  async function startedDemo(): Promise<number[]> {
    demo = new Running('demo.mjs', ['--orders'], NO_SERVER);
    await demo.printed(FIRST_SCENE);
    return demo.descendants();
  }

  it(
    'charges three orders once each: a retry, a double click, and a process killed during its payment',
    async () => {
      const pids = await startedDemo();

      expect(await demo.ended).toBe(0);

      expect(demo.out).toMatch(/no answer in 300 ms; the same key again: 201, replayed\n/);
      expect(demo.out).toMatch(/one order: 201(, replayed, and 201|, and 201, replayed)\n/);
      const [, killed] =
        /process (\d+) killed; the same key at the other one: 201 after/.exec(demo.out) ?? [];
      expect(pids).toContain(Number(killed));
      expect(demo.out).toMatch(/a client times out and tries again +2 +1 +1 +0 +1\n/);
      expect(demo.out).toMatch(/a double click, one request to each API process +2 +1 +1 +0 +1\n/);
      expect(demo.out).toMatch(/an API process is killed in the middle of a payment +2 +2 +0 +1 +1\n/);
      expect(demo.out).toMatch(/3 orders, 3 charges/);
      expect(await leftOf(pids)).toEqual([]);
    },
    60 * SECONDS,
  );

  it(
    'does the same over a PostgreSQL that it is given',
    async () => {
      const postgres = await startPostgres();
      demo = new Running('demo.mjs', ['--orders', '--json'], { REDIS_URL: '', DATABASE_URL: postgres.url });

      const end = await demo.ended;

      await postgres.stop();
      expect([end, demo.err]).toEqual([0, expect.stringContaining('the PostgreSQL of DATABASE_URL')]);
      const { idempotency } = JSON.parse(demo.out) as { idempotency: unknown };
      expect(idempotency).toEqual({ requests: 6, executions: 4, replays: 2, takeovers: 1, duplicates: 0 });
    },
    90 * SECONDS,
  );

  it.each([
    ['SIGINT', 130],
    ['SIGKILL', 'SIGKILL'],
  ] as const)(
    'leaves nothing behind when it gets %s, its Redis included',
    async (signal, end) => {
      const pids = await startedDemo();
      expect(pids.map(commandOf).join('\n')).toContain('redis-server');

      demo.process.kill(signal);

      expect(await demo.ended).toBe(end);
      expect(await leftOf(pids)).toEqual([]);
    },
    60 * SECONDS,
  );

  it(
    'fails and says why when its Redis dies',
    async () => {
      const pids = await startedDemo();
      const redis = pids.find((pid) => /^\S*redis-server/.test(commandOf(pid))) ?? 0;

      process.kill(redis, 'SIGKILL');

      expect(await demo.ended).toBe(1);
      expect(demo.err).toMatch(/redis-server \(process \d+\) ended with code 1/);
      expect(await leftOf(pids)).toEqual([]);
    },
    60 * SECONDS,
  );

  it(
    'says at once what to do where there is no server for its records',
    async () => {
      demo = new Running('demo.mjs', ['--orders'], { ...NO_SERVER, PATH: '' });

      expect(await demo.ended).toBe(1);
      expect(demo.err).toMatch(
        /redis-server not found: install redis-server, or set REDIS_URL .*DATABASE_URL/,
      );
      expect(demo.out).toBe('');
    },
    60 * SECONDS,
  );
});
