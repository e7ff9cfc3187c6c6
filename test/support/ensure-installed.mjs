import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';
import { root, runQuietly } from './run.mjs';

/** The folder, below the root, of the other version of Nest that the integration tests run against. */
export const NEST11 = 'test/nest11';
/** The folder of the libraries that the bench and the storm stand beside. */
export const BENCH = 'test/bench';
/** The folder of those of them whose newest versions need a later Node than ours. */
export const NEWEST = 'test/bench/newest';

/** Installs the folder's dependencies if they are missing or are not those of its package-lock.json. */
export async function ensureInstalled(folder = '.') {
  if (isInstalled(folder)) return;
  await withLock(`install-${folder.replaceAll(/\W/g, '_')}`, async () => {
    if (!isInstalled(folder)) await install(folder);
  });
}

/** npm keeps a list of what it installed; no stamp of our own can be fooled by an `npm install` by hand. */
function isInstalled(folder) {
  const installedFile = join(root, folder, 'node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const installed = packagesOf(installedFile);
  return Object.entries(packagesOf(join(root, folder, 'package-lock.json'))).every(([path, wanted]) => {
    const found = installed[path];
    if (path === '' || (!found && (wanted.optional || wanted.peer))) return true;
    return found?.version === wanted.version && found?.integrity === wanted.integrity;
  });
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

async function install(folder) {
  process.stderr.write(`Installing the dependencies of ${folder === '.' ? 'this folder' : folder} …\n`);
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const options = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await runQuietly([...npm, ...options], { cwd: join(root, folder) });
  if (code !== 0) throw new Error(`npm ci failed in ${folder}\n${output}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const folder of process.argv.length > 2 ? process.argv.slice(2) : ['.']) {
    await ensureInstalled(folder).catch((error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    });
  }
}
