// npm run test:soak: mixed traffic with faults through every policy at full speed, ten minutes long.
//   --minutes N   --seed N   --json   one JSON object as the last line; exit code 1 where something is left behind
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../support/build.mjs';
import { compile } from '../support/compile.mjs';
import { root } from '../support/run.mjs';

const { values: asked } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const say = (line) => process.stdout.write(`${line}\n`);

const code = await build({ ifStale: true, only: ['lib'] });
if (code !== 0) process.exit(code);
compile('test/soak', 'test/sim/chance.ts');
const [{ soak }, { megabytes }] = await Promise.all(
  ['soak', 'leaks'].map((name) => import(join(root, 'dist/test/soak', `${name}.js`))),
);

const report = await soak({
  seconds: Number(asked.minutes) * 60,
  seed: Number(asked.seed),
  onSample: ({ calls, heapBytes }) =>
    say(`${String(calls).padStart(12)} calls, heap ${megabytes(heapBytes)}`),
});
const { calls, executions, events, callsPerSecond, resources, sizes, violations } = report;
say(`${calls} calls (${callsPerSecond}/s), ${executions} executions, ${events} events`);
say(`before ${JSON.stringify(resources.before)}`);
say(`after  ${JSON.stringify(resources.after)}`);
say(`sizes  ${JSON.stringify(sizes)}`);
for (const violation of violations) say(`VIOLATED ${violation}`);
say(
  violations.length === 0
    ? 'nothing is left behind, every event was told once'
    : `${violations.length} violations`,
);
if (asked.json) say(JSON.stringify({ node: process.version, ...report }));
process.exitCode = violations.length === 0 ? 0 : 1;
