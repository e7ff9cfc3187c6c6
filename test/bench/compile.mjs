import { mkdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transform } from '@swc/core';
import { build } from 'esbuild';
import { root } from '../support/run.mjs';

const SOURCES = import.meta.dirname;
/** Below the root, so that the package is found by its own name and every other where it is installed. */
const OUTPUT = join(root, 'dist/bench');

const decorators = {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, verbatimModuleSyntax: true },
    keepClassNames: true,
  },
};

/** The bundler knows no metadata of decorators. */
const withMetadata = {
  name: 'with-metadata',
  setup: (bundle) => {
    bundle.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { filename: path, ...decorators });
      return { contents: code, loader: 'js' };
    });
  },
};

/** Scripts know where they are, so they stay there. */
const scriptsStay = {
  name: 'scripts-stay',
  setup: (bundle) => {
    bundle.onResolve({ filter: /^\..*\.mjs$/ }, ({ path, resolveDir }) => ({
      path: pathToFileURL(join(resolveDir, path)).href,
      external: true,
    }));
  },
};

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
  return OUTPUT;
}
