// Cells that run our own tests by Jest on another Node.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { jest } from '../support/jest.mjs';
import { root, runQuietly } from '../support/run.mjs';

const RESULTS = join(root, '.cache/matrix');

/** Runs a Jest project on a Node; answers with counts, and with what failed and why. */
export async function runJest({ binary, project, files = [], ignored }) {
  const results = join(RESULTS, `jest-${process.pid}.json`);
  mkdirSync(RESULTS, { recursive: true });
  rmSync(results, { force: true });
  const selection = ['--selectProjects', project, ...(ignored ? ['--testPathIgnorePatterns', ignored] : [])];
  const output = ['--silent', '--json', '--outputFile', results];
  const [, ...script] = jest(...files, ...output, ...selection);
  const run = await runQuietly([binary, ...script]);
  const counted = counts(results, run.output);
  rmSync(results, { force: true });
  return counted;
}

/** A test file that does not even run is a failure, and so is a cell in which nothing ran. */
function counts(file, output) {
  const found = readResults(file);
  if (found === undefined) return { passed: 0, failed: 1, failures: [output] };
  const broken = found.testResults.filter(({ assertionResults, message }) => {
    return assertionResults.length === 0 && message !== '';
  });
  const failures = found.testResults.flatMap((suite) => failuresOf(suite));
  const failed = found.numFailedTests + broken.length + found.openHandles.length;
  const isEmpty = found.numPassedTests + failed === 0;
  return {
    passed: found.numPassedTests,
    failed: isEmpty ? 1 : failed,
    failures: isEmpty ? ['no test ran'] : failures,
  };
}

function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function failuresOf({ name, assertionResults, message }) {
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  const file = name.slice(root.length + 1);
  if (assertionResults.length === 0 && message !== '')
    return [`${file}\n${stripVTControlCharacters(message)}`];
  return failed.map(({ fullName, failureMessages }) => {
    return `${file}: ${fullName}\n${stripVTControlCharacters(failureMessages.join('\n'))}`;
  });
}
