import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Result } from '../crash/stage.js';

const run = promisify(execFile);
const DRIVER = join(import.meta.dirname, '../crash/run.mjs');
const LONG_TEST_MS = 180_000;

/** The short form of `npm run test:crash`; rejects with what it printed where a promise was broken. */
async function driven(store: string): Promise<readonly Result[]> {
  const { stdout } = await run(process.execPath, [DRIVER, '--quick', '--json', `--store=${store}`]);
  return (JSON.parse(stdout) as { readonly results: readonly Result[] }).results;
}

describe('processes that are killed, frozen and cut off from a real server', () => {
  it.each([
    ['ID-01, ID-10, ID-11, ID-12, ID-25', 'redis', []],
    ['ID-01, ID-10, ID-11, ID-12, ID-13, ID-14, ID-25', 'postgres', ['transaction']],
  ])(
    '%s: keep every promise of idempotency on %s',
    async (_, store, ownScenarios) => {
      const results = await driven(store);

      const scenarios = ['race', 'kill', 'freeze', 'outage', 'clocks', ...ownScenarios];
      expect(results.map(({ scenario }) => scenario)).toEqual(scenarios);
      for (const { scenario, keys, rows, violations } of results) {
        expect({ scenario, violations }).toEqual({ scenario, violations: [] });
        expect(rows).toBeGreaterThanOrEqual(keys);
        // Where effect and outcome commit together there is one row for each key, whoever has died.
        if (scenario === 'transaction') expect(rows).toBe(keys);
      }
      // Owners were lost for real, and somebody took over.
      expect(results.reduce((sum, { takeovers }) => sum + takeovers, 0)).toBeGreaterThan(0);
    },
    LONG_TEST_MS,
  );
});
