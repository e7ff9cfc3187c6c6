// npm run sim: the experiments of spec/budget-and-storms.md on the real policies.
//   --quick      one seed, a fifth of the clients   --seed N   the first seed   --json   one JSON object on standard output, last line
//   --readme     also writes the picture that the README shows
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { build } from '../support/build.mjs';
import { compile } from '../support/compile.mjs';
import { root } from '../support/run.mjs';

const { values: asked } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});
const COMPILED = join(root, 'dist/test/sim');
const PLOTS = join(root, 'dist/sim');
/** A storm makes much garbage that lives for a second. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 192 };

/** Runs the jobs in as many threads as there are cores; answers in the order of the jobs. */
async function runAll(jobs) {
  const results = Array.from({ length: jobs.length });
  let next = 0;
  let done = 0;
  const work = async () => {
    const worker = new Worker(join(COMPILED, 'worker.js'), { resourceLimits: RESOURCE_LIMITS });
    try {
      for (let index = next++; index < jobs.length; index = next++) {
        results[index] = await answerOf(worker, jobs[index]);
        done += 1;
        if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${jobs.length} runs `);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return results;
}

function answerOf(worker, job) {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (result) => {
      worker.off('error', reject);
      resolve(result);
    });
    worker.postMessage(job);
  });
}

const code = await build({ ifStale: true, only: ['lib'] });
if (code !== 0) process.exit(code);
compile('test/sim', 'test/support/line-chart.ts');
const [{ FULL, planOf, QUICK }, { tablesOf }, { gatesOf }, { reportOf }, { plotsOf, README_PICTURE }] =
  await Promise.all(
    ['plan', 'tables', 'gates', 'report', 'plots'].map((name) => import(join(COMPILED, `${name}.js`))),
  );

const seed = Number(asked.seed);
const jobs = planOf(asked.quick ? QUICK : FULL, seed);
const began = performance.now();
const results = await runAll(jobs);
const tables = tablesOf(jobs.map((job, index) => ({ job, result: results[index] })));
console.log(reportOf(tables));
mkdirSync(PLOTS, { recursive: true });
for (const [name, svg] of Object.entries(plotsOf(tables))) {
  writeFileSync(join(PLOTS, `${name}.svg`), svg);
  if (asked.readme && name === README_PICTURE) writeFileSync(join(root, `test/sim/${name}.svg`), svg);
}
const seconds = ((performance.now() - began) / 1_000).toFixed(0);
console.log(`${jobs.length} runs from seed ${seed} in ${seconds} s; pictures in dist/sim`);
const gates = gatesOf(tables);
if (asked.json)
  console.log(JSON.stringify({ node: process.version, seed, quick: asked.quick, tables, gates }));
if (gates.some(({ isMet }) => !isMet)) process.exitCode = 1;
