// npm run test:browser: the page in a real Chromium, which is installed where that is possible; arguments are Jest's.
import { existsSync } from 'node:fs';
import { jest } from '../support/jest.mjs';
import { run, runQuietly } from '../support/run.mjs';

const BINARIES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const isInstalled = () => BINARIES.some((path) => path !== undefined && existsSync(path));

async function ensureChromium() {
  if (isInstalled()) return;
  process.stdout.write('installing Chromium: apt-get install chromium\n');
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await runQuietly(['apt-get', 'update'], quiet).catch(() => undefined);
  const { output } = await runQuietly(['apt-get', 'install', '-y', 'chromium'], quiet).catch((error) => ({
    output: error.message,
  }));
  if (isInstalled()) return;
  throw new Error(
    `${output}\nThere is no Chromium and it cannot be installed here (apt-get, as root). Install Chromium or Chrome and name it: CHROMIUM=/path/to/chrome npm run test:browser`,
  );
}

try {
  await ensureChromium();
  process.exitCode = await run(jest('--config', 'test/browser/jest.config.mjs', ...process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
