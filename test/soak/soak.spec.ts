import { expect, it } from '@jest/globals';
import { soak } from './soak.js';

it('at full speed every event is told once, and nothing is left behind', async () => {
  const { violations, calls, executions } = await soak({ seconds: 4, seed: 1 });

  expect(violations).toEqual([]);
  expect(calls).toBeGreaterThan(1_000);
  expect(executions).toBeGreaterThan(1_000);
});
