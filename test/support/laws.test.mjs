// The laws that lint and walls enforce, each broken once on purpose in a house of its own.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, runQuietly, tool } from './run.mjs';

const SETTINGS = ['.oxlintrc.json', '.dependency-cruiser.mjs', 'tsconfig.json', 'package.json'];
const HOUSE = {
  'lib/core/index.ts': 'export const core = 1;',
  'lib/core/clock.ts': 'export const nowMs = (): number => Date.now() + performance.now() * Math.random();',
  'lib/policies/a/index.ts': "import '../b/index.js';\nexport const a = 1;",
  'lib/policies/a/time.ts':
    "import 'node:timers/promises';\nexport const t = [Date.now(), performance.now(), Math.random(), setTimeout, globalThis];",
  'lib/policies/b/index.ts': "import 'rxjs';\nimport 'node:fs';\nimport 'node:crypto';\nexport const b = 1;",
  'lib/policies/b/types.ts':
    'export enum E { A }\nexport const x: any = 1;\nexport const y = [1][0]!;\nexport namespace N { export const z = 1; }',
  'lib/policies/b/shape.ts': "export * from './index.js';\nexport default 1;\nconsole.log(1);",
  'lib/pipeline/index.ts': "import '../policies/a/time.ts';\nexport const p = 1;",
  'lib/pipeline/one.ts': "import type { Two } from './two.js';\nexport type One = Two;",
  'lib/pipeline/two.ts': "import type { One } from './one.js';\nexport type Two = One;",
  'lib/rxjs/index.ts':
    "import type { N } from '../nest/index.js';\nimport 'rxjs';\nimport 'fast-check';\nexport type R = N;",
  'lib/nest/index.ts':
    "import '../index.js';\nimport '../../test/t.js';\nimport '../core/clock.js';\nexport type N = 1;",
  'lib/index.ts': 'export const door = 1;',
  'test/t.ts': "import '../lib/policies/a/time.js';\nexport const t = 1;",
  'sample-app/main.ts': "import '../lib/index.js';\nimport 'nestjs-selfheal/core';\nconsole.log(1);",
};

let house;

before(() => {
  house = mkdtempSync(join(tmpdir(), 'house-'));
  for (const file of SETTINGS) cpSync(join(root, file), join(house, file));
  for (const [file, text] of Object.entries(HOUSE)) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), `${text}\n`);
  }
  mkdirSync(join(house, 'test/support'));
  cpSync(join(root, 'test/support/lint-rules.mjs'), join(house, 'test/support/lint-rules.mjs'));
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
});

after(() => rmSync(house, { recursive: true, force: true }));

test('lint finds every broken law, and leaves the clock and the sample application alone', async () => {
  const { output } = await runQuietly(tool('oxlint/bin/oxlint', '--format=unix', 'lib', 'sample-app'), {
    cwd: house,
  });

  const found = output.split('\n').filter((line) => line.includes('[Error/'));
  const rules = found.map((line) => `${line.split(':')[0]} ${/\/\w+\((.*)\)\]/.exec(line)[1]}`).sort();
  assert.deepEqual(rules, [
    'lib/policies/a/time.ts no-restricted-globals',
    'lib/policies/a/time.ts no-restricted-globals',
    'lib/policies/a/time.ts no-restricted-globals',
    'lib/policies/a/time.ts no-restricted-globals',
    'lib/policies/a/time.ts no-restricted-imports',
    'lib/policies/a/time.ts no-restricted-properties',
    'lib/policies/b/shape.ts no-console',
    'lib/policies/b/shape.ts no-default-export',
    'lib/policies/b/shape.ts no-export-all',
    'lib/policies/b/types.ts no-enum',
    'lib/policies/b/types.ts no-explicit-any',
    'lib/policies/b/types.ts no-namespace',
    'lib/policies/b/types.ts no-non-null-assertion',
  ]);
});

test('the walls refuse every wrong way through the house, and no right one', async () => {
  const cruise = tool('dependency-cruiser/bin/dependency-cruise.mjs', 'lib', 'test', 'sample-app');

  const { output } = await runQuietly(cruise, { cwd: house });

  const found = [...output.matchAll(/error (\S+): (\S+) → ?(\S*)/g)].map(([, ...parts]) => parts.join(' '));
  assert.deepEqual(found.map((line) => line.replace(/ \S*node_modules/, ' node_modules').trim()).sort(), [
    'lib-stands-alone lib/nest/index.ts test/t.ts',
    'main-door-is-for-users lib/nest/index.ts lib/index.ts',
    'nest-imports-only-downwards lib/nest/index.ts lib/index.ts',
    'no-cycles lib/pipeline/one.ts',
    'no-development-dependencies lib/rxjs/index.ts node_modules/fast-check/lib/fast-check.d.ts',
    'policies-and-pipeline-are-pure lib/policies/a/time.ts timers/promises',
    'policies-and-pipeline-are-pure lib/policies/b/index.ts fs',
    'policies-and-pipeline-are-pure lib/policies/b/index.ts node_modules/rxjs/dist/types/index.d.ts',
    'policies-are-entered-by-their-doors lib/pipeline/index.ts lib/policies/a/time.ts',
    'policies-are-strangers lib/policies/a/index.ts lib/policies/b/index.ts',
    'rxjs-imports-only-downwards lib/rxjs/index.ts lib/nest/index.ts',
    'sample-app-is-a-user sample-app/main.ts lib/index.ts',
  ]);
});
