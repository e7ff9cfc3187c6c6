// npm run storm: a real server that loses its capacity for a while, and what callers make of it; about two minutes.
//   --seed N   --json   one JSON object as the last line   --readme   also writes the picture that the README shows
//   further arguments name callers: npm run storm -- ours axios-retry
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../support/build.mjs';
import { compile } from '../support/compile.mjs';
import { root } from '../support/run.mjs';

const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});
const COMPILED = join(root, 'dist/test/storm');
const PLOTS = join(root, 'dist/storm');

const code = await build({ ifStale: true, only: ['lib'] });
if (code !== 0) process.exit(code);
compile('test/storm', 'test/sim/chance.ts', 'test/support/line-chart.ts');
const [{ CALLERS }, { storm }, { plotOf, reportOf }] = await Promise.all(
  ['model', 'storm', 'report'].map((name) => import(join(COMPILED, `${name}.js`))),
);

const callers = CALLERS.filter((name) => positionals.length === 0 || positionals.includes(name));
const results = [];
for (const caller of callers) {
  process.stderr.write(`storm for ${caller} …\n`);
  results.push(await storm(caller, Number(asked.seed)));
}
process.stdout.write(`${reportOf(results)}\n`);
mkdirSync(PLOTS, { recursive: true });
writeFileSync(join(PLOTS, 'storm.svg'), plotOf(results));
if (asked.readme) writeFileSync(join(root, 'test/storm/storm.svg'), plotOf(results));
if (asked.json) process.stdout.write(`${JSON.stringify({ node: process.version, results })}\n`);
const ours = results.find(({ caller }) => caller === 'ours');
if (ours !== undefined && ours.recoveryS === null) {
  process.stderr.write('nestjs-selfheal did not recover\n');
  process.exitCode = 1;
}
