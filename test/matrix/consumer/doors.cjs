// Every door of the installed package from CommonJS: by require where this Node can, else by a dynamic import.
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { loadedOrNamesItsPeer, paths } = require('./doors-of-package.cjs');

const canRequire = process.features.require_module === true;

for (const path of paths(require)) {
  test(`${canRequire ? 'require' : 'import from CommonJS'} of ${path}`, async () => {
    const load = async () => (canRequire ? require(path) : import(path));
    const door = await loadedOrNamesItsPeer(require, path, load);

    assert.notEqual(door.names.length, 0);
  });
}
