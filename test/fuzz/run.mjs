// npm run test:fuzz: the tests of this folder with 10 000 runs, and a seed that is told, so that what it finds can be
// found again.
//   npm run test:fuzz -- --seed 7 --runs 500    that seed, so many runs
import { parseArgs } from 'node:util';
import { jest } from '../support/jest.mjs';
import { run } from '../support/run.mjs';

const DEFAULT_RUNS = '10000';
const LARGEST_SEED = 2 ** 31;

function wholeNumber(name, text) {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} must be a whole number, and "${text}" is none`);
  return text;
}

function settings() {
  const options = { seed: { type: 'string' }, runs: { type: 'string' } };
  const { seed, runs } = parseArgs({ options }).values;
  return {
    FUZZ_SEED: wholeNumber('seed', seed ?? String(Date.now() % LARGEST_SEED)),
    FUZZ_RUNS: wholeNumber('runs', runs ?? DEFAULT_RUNS),
  };
}

try {
  const env = settings();
  const { FUZZ_SEED, FUZZ_RUNS } = env;
  const told = `seed ${FUZZ_SEED}, ${FUZZ_RUNS} runs`;
  process.stdout.write(`fuzz: ${told}\n`);
  const command = jest('--selectProjects', 'unit', '--testPathPatterns', '/test/fuzz/');
  const code = await run(command, { env: { ...process.env, ...env } });
  process.stdout.write(
    `fuzz: ${told}, ${code === 0 ? 'no failures' : 'FAILED: the counterexample is above'}\n`,
  );
  process.exitCode = code;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
