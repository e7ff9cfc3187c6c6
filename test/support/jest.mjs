import { tool } from './run.mjs';

/** The command that runs Jest with ESM support, without Node's warning that the support is an experiment. */
export function jest(...args) {
  const [node, ...script] = tool('jest/bin/jest.js', '--maxWorkers=2', ...args);
  return [node, '--experimental-vm-modules', '--disable-warning=ExperimentalWarning', ...script];
}
