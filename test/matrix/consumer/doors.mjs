// Every door of the installed package, imported. Runs in a fresh project, on the Node of its cell.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { loadedOrNamesItsPeer, paths } from './doors-of-package.cjs';

const require = createRequire(import.meta.url);

for (const path of paths(require)) {
  test(`import of ${path}`, async () => {
    const door = await loadedOrNamesItsPeer(require, path, () => import(path));

    assert.notEqual(door.names.length, 0);
  });
}

test('one copy serves both module forms', async () => {
  if (process.features.require_module !== true) return;

  const imported = await import('nestjs-selfheal');

  assert.equal(require('nestjs-selfheal').Retryable, imported.Retryable);
});
