// npm run test:matrix: Nest 11 and 12 on Node 20, 22 and 24. Each cell is one of
//   unit         unit tests and laws; they know no Nest, so once per Node
//   contract     the store suites against Redis and PostgreSQL: once, on the newest Node that was asked for
//   integration  the whole integration project of that Nest
//   package      the packed tarball in fresh projects: every door in both module forms, and an application that tsc
//                has compiled into both against the typings of that Nest
// A cell is run alone, a line tells how it went, a table comes last; the exit code is 1 where anything failed.
//   npm run test:matrix -- --node 22 --nest 11 --part package    only these; each may be given several times
//   npm run test:matrix -- --node 22 test/integration/hosts      only these files of the Jest parts
import { parseArgs } from 'node:util';
import { build } from '../support/build.mjs';
import { ensureInstalled, NEST11 } from '../support/ensure-installed.mjs';
import { ensureServers } from '../support/servers/binaries.mjs';
import { runJest } from './jest-cells.mjs';
import { nodeOf } from './nodes.mjs';
import { freshProjects, packed, runPackage } from './package-cells.mjs';
import { printFailures, printLine, printTable } from './report.mjs';

const NODES = ['20', '22', '24'];
const NESTS = ['11', '12'];
const PARTS = ['unit', 'contract', 'integration', 'package'];
const CONTRACT = 'test/contract/';

function chosen(name, given, known) {
  const unknown = given?.find((each) => !known.includes(each));
  if (unknown !== undefined) throw new Error(`--${name} ${unknown} is none of ${known.join(', ')}`);
  return known.filter((each) => given === undefined || given.includes(each));
}

function readArguments() {
  const option = { type: 'string', multiple: true };
  const options = { node: option, nest: option, part: option };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  return {
    nodes: chosen('node', values.node, NODES),
    nests: chosen('nest', values.nest, NESTS),
    parts: chosen('part', values.part, PARTS),
    files: positionals,
  };
}

/** What is to be run, in the order of running. */
function cellsOf({ nodes, nests, parts, files }) {
  const newest = nodes.at(-1);
  return nodes.flatMap((node) => [
    ...(parts.includes('unit')
      ? [{ node, part: 'unit', jest: { project: 'unit', files, ignored: CONTRACT } }]
      : []),
    ...(parts.includes('contract') && node === newest && files.length === 0
      ? [{ node, part: 'contract', jest: { project: 'unit', files: [CONTRACT] } }]
      : []),
    ...nests.flatMap((nest) => [
      ...(parts.includes('integration')
        ? [{ node, part: 'integration', nest, jest: { project: `nest${nest}`, files } }]
        : []),
      ...(parts.includes('package') && files.length === 0 ? [{ node, part: 'package', nest }] : []),
    ]),
  ]);
}

/** Makes fresh projects once per Nest, when the first cell needs them. */
function projectsByNest() {
  const made = new Map();
  let tarball;
  return async (nest) => {
    tarball ??= packed();
    if (!made.has(nest)) made.set(nest, freshProjects(nest, await tarball));
    return made.get(nest);
  };
}

async function runCell(cell, projectsOf) {
  const began = performance.now();
  const result = await resultOf(cell, projectsOf).catch((error) => {
    return { passed: 0, failed: 1, failures: [error.stack] };
  });
  return { ...cell, ...result, seconds: (performance.now() - began) / 1000 };
}

async function resultOf({ node, nest, jest }, projectsOf) {
  const { binary, version } = await nodeOf(node);
  const result = jest
    ? await runJest({ binary, ...jest })
    : await runPackage({ binary, projects: await projectsOf(nest) });
  return { ...result, version };
}

async function prepare({ parts, nests }) {
  if (nests.includes('11')) await ensureInstalled(NEST11);
  await ensureServers();
  const code = parts.includes('package') ? await build({ ifStale: true, only: ['lib'] }) : 0;
  if (code !== 0) throw new Error('the package could not be built');
}

try {
  const wanted = readArguments();
  await prepare(wanted);
  const projectsOf = projectsByNest();
  const results = [];
  for (const cell of cellsOf(wanted)) {
    const result = await runCell(cell, projectsOf);
    printLine(result);
    printFailures(result);
    results.push(result);
  }
  printTable(results);
  process.exitCode = results.length > 0 && results.every(({ failed }) => failed === 0) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
