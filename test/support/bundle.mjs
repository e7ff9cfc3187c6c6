// Bundling TypeScript of the test folder into one file for each process: a single file starts five times as fast.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transform } from '@swc/core';
import { TYPESCRIPT } from './compile.mjs';

/** Compiles decorators and their metadata as the tests do; the bundler knows no metadata. */
export const withMetadata = {
  name: 'with-metadata',
  setup: (bundle) => {
    bundle.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { filename: path, ...TYPESCRIPT });
      return { contents: code, loader: 'js' };
    });
  },
};

/** Scripts know where they are, so they stay there. */
export const scriptsStay = {
  name: 'scripts-stay',
  setup: (bundle) => {
    bundle.onResolve({ filter: /^\..*\.mjs$/ }, ({ path, resolveDir }) => ({
      path: pathToFileURL(join(resolveDir, path)).href,
      external: true,
    }));
  },
};
