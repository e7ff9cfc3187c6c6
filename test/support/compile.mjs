import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from '@swc/core';
import { root } from './run.mjs';

/** How TypeScript of this repository is compiled where no types are checked. */
export const TYPESCRIPT = {
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

const OPTIONS = { ...TYPESCRIPT, module: { type: 'es6' }, sourceMaps: 'inline' };

/**
 * Compiles TypeScript of the test folder, files or whole folders, to where it finds the built package by its name:
 * below dist, under the same path. Types are checked by `npm run types`.
 */
export function compile(...paths) {
  for (const path of paths) {
    const isFolder = statSync(join(root, path)).isDirectory();
    if (isFolder) rmSync(join(root, 'dist', path), { recursive: true, force: true });
    for (const file of isFolder ? sourcesOf(path) : [path]) compileFile(file);
  }
}

function sourcesOf(folder) {
  const files = readdirSync(join(root, folder), { recursive: true });
  return files
    .filter((file) => file.endsWith('.ts') && !/\.(d|spec)\.ts$/.test(file))
    .map((file) => join(folder, file));
}

function compileFile(file) {
  const output = join(root, 'dist', file.replace(/\.ts$/, '.js'));
  const { code } = transformSync(readFileSync(join(root, file), 'utf8'), {
    ...OPTIONS,
    filename: join(root, file),
  });
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, code);
}
