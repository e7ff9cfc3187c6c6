import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examplesOf, moduleOf } from './examples.mjs';

test('finds the ts blocks with their lines, also in a list, and no others', () => {
  const markdown = [
    '```ts',
    'first;',
    '```',
    '```sh',
    'npm test',
    '```',
    '- x',
    '  ```ts',
    '  second;',
    '  ```',
  ];

  assert.deepEqual(examplesOf(markdown.join('\n')), [
    { line: 2, code: 'first;' },
    { line: 9, code: '  second;' },
  ]);
});

test('leaves out a block that says why it is not compiled', () => {
  assert.deepEqual(examplesOf('```ts nocheck\n// wrong on purpose\nfoo();\n```'), []);
});

test('refuses a block that is not compiled for no reason, and one without an end', () => {
  assert.throws(() => examplesOf('```ts nocheck\nfoo();\n```'), /line 2: .* says why/);
  assert.throws(() => examplesOf('```ts\nfoo();\n'), /line 2: the block has no end/);
});

test('makes a module in which lines keep their numbers', () => {
  assert.equal(moduleOf({ line: 3, code: 'foo();' }), '\n\nfoo();\nexport {};\n');
});
