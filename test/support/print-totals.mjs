// Prints `N passed, N failed` from a results file of Jest. A test file that does not even run is a failure.
import { readFileSync } from 'node:fs';

const NOTHING_RAN = { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1 };

function resultsIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return NOTHING_RAN;
  }
}

const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = resultsIn(process.argv[2]);
const failed = numFailedTests + numRuntimeErrorTestSuites;
process.stdout.write(`${numPassedTests} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && numPassedTests > 0 ? 0 : 1;
