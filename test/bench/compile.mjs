import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, stop } from 'esbuild';
import { scriptsStay, withMetadata } from '../support/bundle.mjs';
import { root } from '../support/run.mjs';

const SOURCES = import.meta.dirname;
/** Below the root, so that the package is found by its own name and every other where it is installed. */
const OUTPUT = join(root, 'dist/bench');

/** One file for each process of the bench; answers with the folder. Types are checked by `npm run types`. */
export async function compile(...names) {
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
  await build({
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
    outdir: OUTPUT,
    plugins: [scriptsStay, withMetadata],
    entryPoints: names.map((name) => join(SOURCES, `${name}.ts`)),
  });
  await stop();
  return OUTPUT;
}
