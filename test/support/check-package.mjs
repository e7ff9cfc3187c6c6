// Packs the package as npm would publish it, then asks publint and are-the-types-wrong about the tarball.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, runQuietly, tool } from './run.mjs';

const folder = join(root, '.cache', `package-${process.pid}`);

async function step(command) {
  const { code, output } = await runQuietly(command);
  if (code !== 0) process.stdout.write(output);
  return code;
}

try {
  mkdirSync(folder, { recursive: true });
  let failed = await step(['npm', 'pack', '--pack-destination', folder, '--ignore-scripts']);
  for (const tarball of readdirSync(folder).map((file) => join(folder, file))) {
    failed += await step(tool('publint/src/cli.js', 'run', tarball, '--strict'));
    const options = ['--profile', 'esm-only', '--no-definitely-typed', '--no-emoji'];
    failed += await step(tool('@arethetypeswrong/cli/dist/index.js', tarball, ...options));
  }
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
