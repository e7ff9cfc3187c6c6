import { createHash } from 'node:crypto';
import {
  existsSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';
import { root, run, tool } from './run.mjs';

// In this order: the sample application compiles against the built library.
const PROJECTS = [
  { name: 'lib', sources: ['lib'] },
  { name: 'sample-app', sources: ['lib', 'sample-app'] },
];
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'nest-cli.json'];

/** Builds into dist what is out of date, or everything; answers with an exit code. */
export function build({ ifStale = false, only = PROJECTS.map(({ name }) => name) } = {}) {
  return withLock('build', async () => {
    for (const project of PROJECTS.filter(({ name }) => only.includes(name))) {
      const code = await buildProject(project, ifStale);
      if (code !== 0) return code;
    }
    return 0;
  });
}

async function buildProject({ name, sources }, ifStale) {
  const output = join('dist', name);
  const stampFile = join(root, `${output}.sources`);
  const stamp = hashOf(sources);
  if (
    ifStale &&
    existsSync(join(root, output)) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, 'utf8') === stamp
  ) {
    return 0;
  }
  rmSync(stampFile, { force: true });
  const began = Date.now();
  const code = await run(tool('@nestjs/cli/bin/nest.js', 'build', name, '--silent'));
  if (code !== 0) return code;
  removeOlder(output, began);
  writeFileSync(stampFile, stamp);
  return 0;
}

/** What an earlier build wrote and this one did not: its source is gone. */
function removeOlder(folder, timeMs) {
  for (const file of filesOf(folder).map((name) => join(root, name))) {
    if (statSync(file).mtimeMs < timeMs) rmSync(file);
  }
}

function hashOf(folders) {
  const hash = createHash('sha256');
  const sources = folders.flatMap((folder) =>
    filesOf(folder).filter((file) => /\.(ts|json|sql|html|css|js)$/.test(file)),
  );
  for (const file of [...SETTINGS, ...sources]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesOf(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  process.exitCode = await build({
    ifStale: process.argv.includes('--if-stale'),
    ...(names.length > 0 && { only: names }),
  });
}
