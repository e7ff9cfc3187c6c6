// A lock must serve any registry, so it keeps no addresses, and any platform: when a package with native binaries is
// newer than some of its binaries in the registry, npm leaves those out without a word and `npm ci` refuses the lock.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BENCH, NEST11, NEWEST } from './ensure-installed.mjs';
import { root } from './run.mjs';

function problemsOf(file) {
  const { packages } = JSON.parse(readFileSync(join(root, file), 'utf8'));
  const addresses = Object.keys(packages).filter((path) => packages[path].resolved);
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(packages, path, name)),
  );
  return [
    ...addresses.map((path) => `${file}: ${path} has a registry address`),
    ...missing.map((name) => `${file}: ${name} is missing`),
  ];
}

/** Node looks for a package beside the one that needs it, then further up. */
function isLocked(packages, path, name) {
  for (let folder = path; folder !== '.'; folder = dirname(folder)) {
    if (packages[join(folder, 'node_modules', name)]) return true;
  }
  return packages[`node_modules/${name}`] !== undefined;
}

const folders = ['.', NEST11, BENCH, NEWEST];
const problems = folders.map((folder) => join(folder, 'package-lock.json')).flatMap(problemsOf);
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
