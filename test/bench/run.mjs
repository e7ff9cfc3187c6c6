import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { build } from '../support/build.mjs';
import { root } from '../support/run.mjs';
import { report, rowsOf } from './report.mjs';

const OUTPUT = join(root, 'dist/bench');
const SOURCES = import.meta.dirname;

const asked = new Set(process.argv.slice(2));
const isQuick = asked.has('--quick');
const effort = isQuick
  ? { rounds: 7, batchMs: 4, warmUpMs: 40, warmUpCalls: 8_000 }
  : { rounds: 15, batchMs: 10, warmUpMs: 300, warmUpCalls: 40_000 };
// A young generation that holds a whole batch: no collection falls into a measurement of bytes.
const LARGE_NURSERY = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
// Helper threads that wait for the one core we have would be counted as work.
const NO_HELPERS = ['--single-threaded'];
/** One core for everything, where the machine lets us choose. */
const PINNED = spawnSync('taskset', ['-c', '1', 'true']).status === 0 ? ['taskset', '-c', '1'] : [];

/** Decorators need a compiler; the types are checked by `npm run types`. */
function compile() {
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
  for (const name of readdirSync(SOURCES).filter((each) => each.endsWith('.ts') && !each.endsWith('.d.ts'))) {
    const { code } = transformSync(readFileSync(join(SOURCES, name), 'utf8'), {
      filename: name,
      swcrc: false,
      module: { type: 'es6' },
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, verbatimModuleSyntax: true },
        keepClassNames: true,
      },
    });
    writeFileSync(join(OUTPUT, name.replace(/\.ts$/, '.js')), code);
  }
}

/** A process of its own: what a row does to its process, it does to its own baseline only. */
function child(task, kind = 'plain', surroundings = 'quiet') {
  const flags = task === 'time' ? NO_HELPERS : task === 'bytes' ? LARGE_NURSERY : ['--expose-gc'];
  const script = [join(OUTPUT, 'child.js'), task, kind, surroundings, JSON.stringify(effort)];
  const [command, ...rest] = [...PINNED, process.execPath, ...flags, ...script];
  const running = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'], cwd: root });
  let output = '';
  running.stdout.on('data', (data) => (output += data));
  return new Promise((resolve, reject) => {
    running.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`the bench process ended with ${code}`));
    });
  });
}

async function surrounded(surroundings) {
  const plain = await child('time', 'plain', surroundings);
  const limited = await child('time', 'limited', surroundings);
  return { plain, limited };
}

const code = await build({ ifStale: true, only: ['lib'] });
if (code !== 0) process.exit(code);
compile();
const blocks = { quiet: await surrounded('quiet') };
if (!isQuick) {
  blocks.observed = await surrounded('observed');
  blocks.storage = await surrounded('storage');
}
const bytes = { ...(await child('bytes')), ...(await child('bytes', 'limited')) };
const population = await child('population');

const rows = rowsOf({ blocks, bytes, population });
report(rows, { blocks, bytes, population });
if (asked.has('--json')) {
  console.log(JSON.stringify({ node: process.version, rows, blocks, bytes, population }));
}
if (asked.has('--gate') && rows.some((row) => !row.isInGate)) process.exitCode = 1;
