// npm run test:flood: ten thousand events a second and three clients that never read: does the application feel the
// page, and does its memory stay flat? Ratios of an application with the page to one without, in turns.
import { build } from '../support/build.mjs';
import { runQuietly } from '../support/run.mjs';

const ROUNDS = 3;
const SECONDS = process.argv[2] ?? '10';
const MOST_GROWTH_MB = 16;

async function measured(mode) {
  const script = ['--expose-gc', 'test/flood/application.mjs', mode, SECONDS];
  const { code, output } = await runQuietly([process.execPath, ...script]);
  if (code !== 0) throw new Error(output);
  return JSON.parse(output.trim().split('\n').at(-1));
}

function median(numbers) {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

const code = await build({ ifStale: true, only: ['lib'] });
if (code !== 0) process.exit(code);

const runs = { without: [], with: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  for (const mode of ['without', 'with']) runs[mode].push(await measured(mode));
}

const of = (mode, field) => median(runs[mode].map((run) => run[field]));
const line = (field, unit) => {
  const [without, withPage] = [of('without', field), of('with', field)];
  const ratio = (withPage / without).toFixed(2);
  process.stdout.write(
    `${field.padEnd(12)} ${without.toFixed(2)} → ${withPage.toFixed(2)} ${unit} (× ${ratio})\n`,
  );
};
process.stdout.write(
  `${Math.round(of('with', 'eventsPerSecond'))} events a second, 3 clients that never read\n`,
);
for (const field of ['p50Ms', 'p95Ms', 'p99Ms']) line(field, 'ms');
line('cpuShare', 'cores');
const growth = Math.max(...runs.with.map((run) => run.heapAfterMb - run.heapBeforeMb));
process.stdout.write(
  `heap grew by ${growth.toFixed(1)} MB at most, from ${of('with', 'heapBeforeMb').toFixed(1)} MB\n`,
);
if (growth > MOST_GROWTH_MB) {
  process.stderr.write('memory is not flat\n');
  process.exitCode = 1;
}
