// npm run bench: what the policies cost, ours and the peers' in one run; about five minutes.
//   --quick    shorter rounds, without listeners, metrics, storage and the guarded routes on Fastify; about a minute
//   --json     one JSON object as the last line      --gate    exit code 1 where a gate is missed
//   --readme   writes the table into the README      --node 24    on another Node, with the peers' newest versions
//   --part calls, population, web    only these parts; may be given several times
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { nodeOf } from '../matrix/nodes.mjs';
import { build } from '../support/build.mjs';
import { BENCH, ensureInstalled, NEWEST } from '../support/ensure-installed.mjs';
import { root } from '../support/run.mjs';
import { compile } from './compile.mjs';
import { EFFORTS } from './efforts.mjs';
import { Processes } from './processes.mjs';
import { withTable } from './readme.mjs';
import { reportCalls, rowsOf } from './report.mjs';
import { reportPopulation, reportWeb } from './report-world.mjs';

const PARTS = ['calls', 'population', 'web'];
const PEERS = ['cockatiel', 'opossum', 'mollitia'];

const { values: asked } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
    node: { type: 'string' },
    part: { type: 'string', multiple: true, default: PARTS },
  },
});
const effort = EFFORTS[asked.quick ? 'quick' : 'full'];
const isAsked = (part) => asked.part.includes(part);

function progress(text) {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${text} …\n`);
}

async function measureCalls(processes) {
  const surrounded = async (surroundings) => {
    progress(`calls, ${surroundings}`);
    const time = { work: 'time', surroundings, effort: effort.calls };
    const plain = await processes.child({ ...time, kind: 'plain' });
    return { plain, limited: await processes.child({ ...time, kind: 'limited' }) };
  };
  const blocks = {};
  for (const surroundings of effort.surroundings) blocks[surroundings] = await surrounded(surroundings);
  progress('heap per call');
  const bytes = { work: 'bytes', effort: effort.calls };
  const plainBytes = await processes.child({ ...bytes, kind: 'plain' });
  return { blocks, bytes: { ...plainBytes, ...(await processes.child({ ...bytes, kind: 'limited' })) } };
}

async function measurePopulation(processes) {
  const population = { work: 'population', effort: effort.calls };
  progress('many breakers');
  const ours = await processes.child(population);
  const peers = {};
  for (const peer of PEERS) {
    progress(`many breakers of ${peer}`);
    peers[peer] = await processes.child({ ...population, peer });
  }
  return { ours, peers };
}

async function measureWeb(processes) {
  progress('HTTP routes');
  return processes.web(effort.web);
}

const { binary, version } = asked.node
  ? await nodeOf(asked.node)
  : { binary: process.execPath, version: process.version };
const hasNewest = Number(/^v(\d+)/.exec(version)?.[1]) >= 22;
for (const folder of hasNewest ? [BENCH, NEWEST] : [BENCH]) await ensureInstalled(folder);
const code = await build({ ifStale: true, only: ['lib'] });
if (code !== 0) process.exit(code);
const folder = await compile('child', 'web', 'web-server.process');
const processes = new Processes({ node: binary, folder, peers: hasNewest ? NEWEST : BENCH });

const result = {
  node: version,
  isQuick: asked.quick,
  ...(isAsked('calls') && { calls: await measureCalls(processes) }),
  ...(isAsked('population') && { population: await measurePopulation(processes) }),
  ...(isAsked('web') && { web: await measureWeb(processes) }),
};
const rows = rowsOf(result);
if (result.calls) reportCalls(rows, result);
if (result.population) reportPopulation(rows, result.population);
if (result.web) reportWeb(rows, result.web);
if (asked.readme) {
  const file = join(root, 'README.md');
  const text = withTable(readFileSync(file, 'utf8'), rows, result);
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}
if (asked.json) console.log(JSON.stringify({ ...result, rows }));
if (asked.gate && rows.some((row) => !row.isInGate)) process.exitCode = 1;
