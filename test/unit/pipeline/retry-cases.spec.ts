import { describe, expect, it } from '@jest/globals';
import { retryInfo } from '../../../lib/policies/retry/index.js';
import { PipelineWorld, type Started } from '../../support/pipeline-world.js';
import { DELAY_CASES, LIMIT_CASES, RETRY_AFTER_CASES, type RetryCase } from '../../support/retry-cases.js';

type Shell = 'start' | 'startStream' | 'startIteration';

/** Options of a case may hold a function that counts how often it was asked: one shell runs the case. */
async function run(shell: Shell, each: RetryCase): Promise<{ world: PipelineWorld; started: Started }> {
  const world = new PipelineWorld({}, { random: each.random ?? 0.5 });
  const pipeline = world.pipeline({ retry: each.options });
  // Every behaviour looks at the number of the execution only.
  const behaviour = each.behaviour as (execution: number) => unknown;

  const started = world[shell](pipeline, async (execution) => behaviour(execution));
  await world.clock.runAll();

  return { world, started };
}

function endOf({ events }: PipelineWorld): string | undefined {
  const [gaveUp] = events.of('retry.gave-up');
  return gaveUp?.reason ?? (events.of('retry.recovered').length > 0 ? 'recovered' : undefined);
}

const ALL = [...DELAY_CASES, ...RETRY_AFTER_CASES, ...LIMIT_CASES];
const STATELESS = ALL.filter((each) => typeof each.options.backoff?.type !== 'function');

describe('cases of retry in the promise shell', () => {
  it.each(ALL)('$name', async (each) => {
    const { world, started } = await run('start', each);

    expect(started.runsAt).toEqual(each.runsAt);
    expect(endOf(world)).toBe(each.end);
    expect(started.endedMs).toBe(each.endsAt ?? each.runsAt.at(-1));
    expect(world.clock.allTimers).toBe(0);
    expect(retryInfo(started.error)?.reason).toBe(each.end === 'recovered' ? undefined : each.end);
  });
});

describe.each(['startStream', 'startIteration'] as const)(
  'cases of retry in the stream shell %s',
  (shell) => {
    it.each(STATELESS)('$name', async (each) => {
      const { world, started } = await run(shell, each);

      expect(started.runsAt).toEqual(each.runsAt);
      expect(endOf(world)).toBe(each.end);
      expect(world.clock.allTimers).toBe(0);
    });
  },
);
