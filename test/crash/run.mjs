// npm run test:crash: real processes that are killed, frozen and cut off from real servers; see README.md.
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transform } from '@swc/core';
import { build } from 'esbuild';
import { root } from '../support/run.mjs';
import { ensureServers } from '../support/servers/binaries.mjs';

const SOURCES = import.meta.dirname;
// Runs beside each other do not overwrite what the other one starts.
const OUTPUT = join(root, '.cache', `crash-${process.pid}`);
/** Loaded by Nest where they are there, and needed by none of our processes. */
const ABSENT = ['@nestjs/websockets', '@nestjs/microservices', '@nestjs/platform-*', 'class-*', 'pg-native'];

const compiler = {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: {
      legacyDecorator: true,
      decoratorMetadata: true,
      useDefineForClassFields: true,
      verbatimModuleSyntax: true,
    },
    keepClassNames: true,
  },
};

/** Compiles decorators and their metadata as the tests do; the bundler knows no metadata. */
const withMetadata = {
  name: 'with-metadata',
  setup: (bundle) => {
    bundle.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { filename: path, ...compiler });
      return { contents: code, loader: 'js' };
    });
  },
};

/** Scripts of the tests know where they are, so they stay there. */
const scriptsStay = {
  name: 'scripts-stay',
  setup: (bundle) => {
    bundle.onResolve({ filter: /^\..*\.mjs$/ }, ({ path, resolveDir }) => ({
      path: pathToFileURL(join(resolveDir, path)).href,
      external: true,
    }));
  },
};

const settings = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning', outdir: OUTPUT };

/** One file for each process: a thousand of them are started, and a single file starts five times as fast. */
async function compile() {
  await build({
    ...settings,
    format: 'esm',
    packages: 'external',
    outExtension: { '.js': '.mjs' },
    plugins: [scriptsStay],
    entryPoints: [join(SOURCES, 'main.ts')],
  });
  await build({
    ...settings,
    format: 'cjs',
    external: ABSENT,
    outExtension: { '.js': '.cjs' },
    plugins: [withMetadata],
    entryPoints: ['worker.ts', 'shifted-clock.ts'].map((name) => join(SOURCES, name)),
  });
}

await ensureServers();
try {
  await compile();
  await import(pathToFileURL(join(OUTPUT, 'main.mjs')).href);
} finally {
  rmSync(OUTPUT, { recursive: true, force: true });
}
