// npm run test:crash: real processes that are killed, frozen and cut off from real servers; see README.md.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, stop } from 'esbuild';
import { scriptsStay, withMetadata } from '../support/bundle.mjs';
import { root } from '../support/run.mjs';
import { ensureServers } from '../support/servers/binaries.mjs';

const SOURCES = import.meta.dirname;
// Runs beside each other do not overwrite what the other one starts.
const OUTPUT = join(root, '.cache', `crash-${process.pid}`);
/** Loaded by Nest where they are there, and needed by none of our processes. */
const ABSENT = ['@nestjs/websockets', '@nestjs/microservices', '@nestjs/platform-*', 'class-*', 'pg-native'];

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
  // Its process has once outlived this one's end: Node went round in its own cleaning up, and nobody came on.
  await stop();
}

await ensureServers();
try {
  await compile();
  await import(pathToFileURL(join(OUTPUT, 'main.mjs')).href);
} finally {
  rmSync(OUTPUT, { recursive: true, force: true });
}
