// Compiles every `ts` block of the documentation against the built package, by the package's own name.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { examplesOf, moduleOf } from './examples.mjs';
import { root, runQuietly, tool } from '../support/run.mjs';

// Inside of the repository, so that the package's own name leads to its exports map.
const folder = join(root, '.cache', `examples-${process.pid}`);
const SETTINGS = { extends: '../../tsconfig.json', compilerOptions: { paths: {} }, include: ['./**/*.ts'] };

function documents() {
  const rooms = readdirSync(join(root, 'lib'), { recursive: true }).map((file) => join('lib', file));
  return [...readdirSync(root), ...rooms].filter((file) => file.endsWith('.md')).sort();
}

/** Writes the examples as modules named after their document and line; answers with their number. */
function writeExamples() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(SETTINGS));
  const names = documents().flatMap((document) => examplesIn(document).map((example) => [document, example]));
  for (const [document, example] of names) {
    writeFileSync(join(folder, `${document.replaceAll('/', '__')}.${example.line}.ts`), moduleOf(example));
  }
  return names.length;
}

function examplesIn(document) {
  try {
    return examplesOf(readFileSync(join(root, document), 'utf8'));
  } catch (error) {
    throw new Error(`${document}, ${error.message}`, { cause: error });
  }
}

/** The compiler's report in terms of the documents. */
function inDocuments(report) {
  return report.replaceAll(/^.*examples-\d+\/(.+\.md)\.\d+\.ts/gm, (_, name) => name.replaceAll('__', '/'));
}

try {
  const examples = writeExamples();
  const compiled =
    examples > 0 &&
    (await runQuietly(tool('typescript/bin/tsc', '--noEmit', '-p', folder, '--pretty', 'false')));
  process.stdout.write(compiled ? inDocuments(compiled.output) : '');
  process.stdout.write(`${examples} examples\n`);
  process.exitCode = compiled ? compiled.code : 0;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
