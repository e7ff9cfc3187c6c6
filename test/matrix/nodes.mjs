// The Node binaries of the matrix: the one that runs this, and those of the npm package `node` for the others.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../support/lock.mjs';
import { root, runQuietly } from '../support/run.mjs';

/** What the package `node` would choose by an install script; chosen here, no script has to be allowed to run. */
const PLATFORM_PACKAGE = `node-${process.platform}-${process.arch}`;

/** A Node of this major version, installed into .cache where it is missing; answers with its path and version. */
export async function nodeOf(major) {
  const binary = majorOf(process.version) === major ? process.execPath : await installed(major);
  const { output } = await runQuietly([binary, '--version']);
  const version = output.trim();
  // A Node that is not the one that was asked for would prove nothing.
  if (majorOf(version) !== major) throw new Error(`${binary} is Node ${version}, not ${major}`);
  return { binary, version };
}

function majorOf(version) {
  return /^v(\d+)\./.exec(version)?.[1];
}

async function installed(major) {
  const folder = join(root, '.cache', `node-${major}`);
  const binary = join(folder, 'node_modules', PLATFORM_PACKAGE, 'bin/node');
  await withLock(`node-${major}`, async () => {
    if (existsSync(binary)) return;
    process.stderr.write(`Installing Node ${major} …\n`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const install = ['npm', 'install', '--no-audit', '--no-fund', `${PLATFORM_PACKAGE}@${major}`];
    const { code, output } = await runQuietly(install, { cwd: folder });
    if (code !== 0 || !existsSync(binary)) throw new Error(`Node ${major} could not be installed\n${output}`);
  });
  return binary;
}
