import { afterEach, describe, expect, it } from '@jest/globals';
import type { RunFigures } from '../../sample-app/demo/figures.js';
import type { IdempotencyFigures } from '../../sample-app/demo/idempotency/play-orders.js';
import { commandOf, leftOf, Running } from './running.js';

const FIELDS: readonly (keyof RunFigures)[] = [
  'requests',
  'successRate',
  'degradedRate',
  'upstreamCallsPerRequest',
  'p50Ms',
  'p99Ms',
  'maxWaitMs',
  'recoveredAfterMs',
  'upstreamCallsDuringOutage',
];

const SECONDS = 1_000;
/** The demo's processes in either run: three upstreams, the application, the traffic. */
const PROCESSES = 5;

type Figures = Record<'plain' | 'healing', RunFigures> & { readonly idempotency: IdempotencyFigures };

function figuresIn(output: string): Figures {
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Figures;
}

describe('npm run demo', () => {
  let demo: Running;

  afterEach(() => demo.end());

  async function startedDemo(): Promise<number[]> {
    demo = new Running('demo.mjs', ['--short', '--json']);
    await demo.printed(/plain +[1-9]\.\d s/);
    return demo.descendants();
  }

  it(
    'plays the plan twice and the orders, answers with the figures of all, and stops everything',
    async () => {
      const pids = await startedDemo();
      await demo.printed(/healing +[1-9]\.\d s/);
      pids.push(...demo.descendants());

      expect({ code: await demo.ended, told: demo.err }).toEqual({ code: 0, told: expect.any(String) });

      const { plain, healing, idempotency } = figuresIn(demo.out);
      expect(Object.keys(plain)).toEqual(FIELDS);
      expect(Object.keys(healing)).toEqual(FIELDS);
      expect(healing.requests).toBe(plain.requests);
      expect(healing.degradedRate).toBeGreaterThan(0);
      expect(plain.degradedRate).toBe(0);
      expect(healing.upstreamCallsDuringOutage).toBeLessThan(plain.upstreamCallsDuringOutage);
      expect(demo.err).toMatch(/orders charged twice +0 +0\n/);
      expect(idempotency).toEqual({ requests: 6, executions: 4, replays: 2, takeovers: 1, duplicates: 0 });
      expect(pids).toHaveLength(2 * PROCESSES);
      expect(await leftOf(pids)).toEqual([]);
    },
    90 * SECONDS,
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGKILL', 'SIGKILL'],
  ] as const)(
    'leaves nothing behind when it gets %s',
    async (signal, end) => {
      const pids = await startedDemo();

      demo.process.kill(signal);

      expect(await demo.ended).toBe(end);
      expect(pids).toHaveLength(PROCESSES);
      expect(await leftOf(pids)).toEqual([]);
    },
    60 * SECONDS,
  );

  it(
    'fails, says why and stops the others when one of its processes dies',
    async () => {
      const pids = await startedDemo();
      const victim = pids.find((pid) => commandOf(pid).includes('"name":"shipping"')) ?? 0;

      process.kill(victim, 'SIGKILL');

      expect(await demo.ended).toBe(1);
      expect(demo.err).toContain(`shipping (process ${victim}) was ended by SIGKILL`);
      expect(await leftOf(pids)).toEqual([]);
    },
    60 * SECONDS,
  );

  it(
    'fails and stops everything when nobody reads its output any more',
    async () => {
      demo = new Running('demo.mjs', ['--short']);
      await demo.printed(/plain +[1-9]\.\d s/);
      const pids = demo.descendants();

      demo.process.stdout?.destroy();

      expect(await demo.ended).toBe(1);
      expect(await leftOf(pids)).toEqual([]);
    },
    60 * SECONDS,
  );

  it(
    'refuses an option that it does not know',
    async () => {
      demo = new Running('demo.mjs', ['--jsn']);

      expect(await demo.ended).toBe(2);
      expect(demo.err).toContain('--jsn');
      expect(demo.err).toContain('--json');
    },
    60 * SECONDS,
  );
});
