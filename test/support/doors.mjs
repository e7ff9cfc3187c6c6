import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

/** The doors that package.json's exports map promises: their names (`.` is `main`), modules and typings. */
export function doors() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, target]) => target.types)
    .map(([path, target]) => ({
      name: path === '.' ? 'main' : path.slice(2).replaceAll('/', '-'),
      module: join(root, target.default),
      typings: join(root, target.types),
    }));
}
