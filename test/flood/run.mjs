// npm run test:flood: ten thousand events a second and three clients that never read: does the application feel the
// page, and does its memory stay flat? Ratios, measured in turns: no page, a page that nobody sees, a page that
// three see. On a machine that is busy with other things the ratios are those of its noise.
import { build } from '../support/build.mjs';
import { runQuietly } from '../support/run.mjs';

const ROUNDS = 3;
const SECONDS = process.argv[2] ?? '10';
const MOST_GROWTH_MB = 16;
const runs = { without: [], unseen: [], seen: [] };

async function measured(mode) {
  const script = ['--expose-gc', 'test/flood/application.mjs', mode, SECONDS];
  const { code, output } = await runQuietly([process.execPath, ...script]);
  if (code !== 0) throw new Error(output);
  return JSON.parse(output.trim().split('\n').at(-1));
}

function median(mode, field) {
  const numbers = runs[mode].map((run) => run[field]).toSorted((one, other) => one - other);
  return numbers[Math.floor(numbers.length / 2)];
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function sayRatios(field, unit) {
  const [without, unseen, seen] = Object.keys(runs).map((mode) => median(mode, field));
  const numbers = [without, unseen, seen].map((number) => number.toFixed(2).padStart(7)).join('');
  say(
    `${field.padEnd(9)}${numbers} ${unit.padEnd(6)} seen/unseen ${(seen / unseen).toFixed(2)}, seen/without ${(seen / without).toFixed(2)}`,
  );
}

const code = await build({ ifStale: true, only: ['lib'] });
if (code !== 0) process.exit(code);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const mode of Object.keys(runs)) runs[mode].push(await measured(mode));
}

say(`${Math.round(median('seen', 'eventsPerSecond'))} events a second, 3 clients that never read`);
say('         without unseen   seen');
for (const field of ['p50Ms', 'p95Ms', 'p99Ms']) sayRatios(field, 'ms');
sayRatios('cpuShare', 'cores');
const growth = Math.max(...runs.seen.map((run) => run.heapAfterMb - run.heapBeforeMb));
say(`heap grew by ${growth.toFixed(1)} MB at most, from ${median('seen', 'heapBeforeMb').toFixed(1)} MB`);
if (growth > MOST_GROWTH_MB) {
  process.stderr.write('memory is not flat\n');
  process.exitCode = 1;
}
