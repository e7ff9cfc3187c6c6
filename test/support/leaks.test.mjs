// What the environment of the tests makes of tests that leave something behind, and of those that do not.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, runQuietly, tool } from './run.mjs';

const SPEC = `
let later;
afterEach(() => clearTimeout(later));
it('clears its timer in afterEach', () => { later = setTimeout(() => {}, 60000); });
it('leaves a timer that keeps no process alive', () => { setTimeout(() => {}, 60000).unref(); });
it('handles a rejection late', async () => {
  const lost = Promise.reject(new Error('late'));
  await new Promise((resolve) => setImmediate(resolve));
  await lost.catch(() => {});
});
it('BAD leaves a timer', () => { setTimeout(() => {}, 200); });
it('BAD leaves an interval', () => { const i = setInterval(() => {}, 50); setTimeout(() => clearInterval(i), 200).unref(); });
it('BAD leaves a rejection', () => { Promise.reject(new Error('lost')); });
it('BAD leaves a rejection for later', () => { setImmediate(() => setImmediate(() => Promise.reject(new Error('lost')))); });
it('is not blamed for the tests before it', () => {});
`;

test('fails the tests that leave active timers or unhandled rejections, and no others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'leaks-'));
  const results = join(folder, 'results.json');
  const config = {
    rootDir: folder,
    testEnvironment: join(root, 'test/support/jest-environment.mjs'),
    waitForUnhandledRejections: true,
  };
  writeFileSync(join(folder, 'leaks.test.cjs'), SPEC);

  const options = [
    '--json',
    `--outputFile=${results}`,
    '--testMatch=**/*.cjs',
    `--config=${JSON.stringify(config)}`,
  ];
  await runQuietly(tool('jest/bin/jest.js', ...options));

  const { assertionResults } = JSON.parse(readFileSync(results, 'utf8')).testResults[0];
  rmSync(folder, { recursive: true, force: true });
  assert.equal(assertionResults.length, 8);
  for (const { title, status } of assertionResults) {
    assert.equal(status, title.startsWith('BAD') ? 'failed' : 'passed', title);
  }
});
