// npm run check: everything that decides, two steps at a time, the cheap ones first.
//   npm run check -- lint walls    only these steps (and what they need)
//   npm run check -- --no-tests    all but the tests
import { ensureInstalled, NEST11 } from './ensure-installed.mjs';
import { jest } from './jest.mjs';
import { runQuietly, tool } from './run.mjs';

const AT_ONCE = 2;
const script = (file, ...args) => [process.execPath, file, ...args];

const STEPS = [
  { name: 'format', command: tool('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.') },
  { name: 'lint', command: tool('oxlint/bin/oxlint', '--deny-warnings', '--format=unix') },
  { name: 'lock', command: script('test/support/check-lock.mjs') },
  { name: 'tools', command: script('--test', 'test/docs', 'test/support') },
  { name: 'types', command: tool('typescript/bin/tsc', '--noEmit') },
  { name: 'build', command: script('test/support/build.mjs', '--if-stale') },
  {
    name: 'walls',
    command: tool('dependency-cruiser/bin/dependency-cruise.mjs', 'lib', 'test', 'sample-app'),
  },
  { name: 'dead code', command: tool('knip/bin/knip.js', '--no-progress', '--no-config-hints') },
  { name: 'size', needs: 'build', command: tool('size-limit/bin.js') },
  { name: 'docs', needs: 'build', command: script('test/docs/check-examples.mjs') },
  { name: 'package', needs: 'build', command: script('test/support/check-package.mjs') },
  { name: 'api', needs: 'build', command: script('test/api/check-reports.mjs') },
  { name: 'tests', command: jest('--selectProjects', 'unit', 'nest12', 'nest11') },
];

function chosen(args) {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = names.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown)
    throw new Error(`no step is called "${unknown}"; there are ${STEPS.map(({ name }) => name).join(', ')}`);
  if (names.length === 0) return STEPS.filter(({ name }) => name !== 'tests' || !args.includes('--no-tests'));
  const needed = STEPS.filter(({ name }) => names.includes(name)).map(({ needs }) => needs);
  return STEPS.filter(({ name }) => names.includes(name) || needed.includes(name));
}

/** Runs a step, once the one it needs has passed, and says how it went. */
async function take(step, results) {
  if (step.needs && !(await results.get(step.needs))) {
    process.stdout.write(`FAILED  ${step.name.padEnd(10)} needs ${step.needs}\n`);
    return false;
  }
  const began = performance.now();
  const { code, output } = await runQuietly(step.command);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const line = `${code === 0 ? 'ok    ' : 'FAILED'}  ${step.name.padEnd(10)} ${seconds.padStart(6)} s\n`;
  process.stdout.write(code === 0 ? line : `${line}${output.replaceAll(/^(?=.)/gm, '        ')}\n`);
  return code === 0;
}

async function runAll(steps) {
  const results = new Map();
  const waiting = [...steps];
  const worker = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const result = take(step, results);
      results.set(step.name, result);
      await result;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const passed = await Promise.all(steps.map(({ name }) => results.get(name)));
  return steps.filter((_, index) => !passed[index]).map(({ name }) => name);
}

try {
  const steps = chosen(process.argv.slice(2));
  if (steps.some(({ name }) => name === 'tests')) await ensureInstalled(NEST11);
  const failed = await runAll(steps);
  process.stdout.write(failed.length === 0 ? 'all steps passed\n' : `failed: ${failed.join(', ')}\n`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
