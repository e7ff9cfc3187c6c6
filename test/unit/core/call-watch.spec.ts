import { describe, expect, it } from '@jest/globals';
import { CircuitBreakerOpenError } from '../../../lib/policies/circuit-breaker/index.js';
import type { EndedCall } from '../../../lib/core/index.js';
import { executions, fails, hang, PipelineWorld } from '../../support/pipeline-world.js';

const LIMITED = { timeLimiter: { attemptTimeout: 50 } };
const BREAKER = { circuitBreaker: { failureThreshold: 1, waitDurationInOpenState: '1m' } } as const;

function watchedWorld() {
  const world = new PipelineWorld();
  const ended: EndedCall[] = [];
  const stop = world.engine.environment.calls.watch((call) => ended.push(call));
  return { world, ended, stop };
}

describe('who watches calls', () => {
  it('is told of the end of a call before the caller goes on', async () => {
    const { world, ended } = watchedWorld();
    const pipeline = world.pipeline(BREAKER);
    const seen: number[] = [];

    await Promise.all([
      (pipeline.call(async () => 'ok', []) as Promise<unknown>).then(() => seen.push(ended.length)),
      (pipeline.run(async () => 'ok', []) as Promise<unknown>).then(() => seen.push(ended.length)),
    ]);

    expect(seen[0]).toBeGreaterThanOrEqual(1);
    expect(seen[1]).toBe(2);
  });

  it('a timeout is a failure after its time, once, whatever the work does later', async () => {
    const { world, ended } = watchedWorld();

    world.start(world.pipeline(LIMITED), () => world.valueAfter(80));
    world.start(world.pipeline(LIMITED), hang);
    await world.clock.runAll();

    const failure = { operation: 'Orders.place', outcome: 'failure', durationMs: 50 };
    expect(ended).toEqual([failure, failure]);
  });

  it('a refusal of a call inside is a failure of the one around it', async () => {
    const { world, ended } = watchedWorld();
    const inner = world.pipeline(BREAKER, 'inner');
    const outer = world.pipeline({ retry: { maxAttempts: 1 } }, 'outer');
    await world.callNow(inner, fails);

    const { error } = await world.callNow(outer, () => inner.call(async () => 'never', []));

    expect(error).toBeInstanceOf(CircuitBreakerOpenError);
    expect(ended.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['inner', 'failure'],
      ['inner', 'rejected'],
      ['outer', 'failure'],
    ]);
  });

  it('an observer that throws is reported and changes nothing; one that has gone hears nothing', async () => {
    const { world, ended, stop } = watchedWorld();
    const stopBad = world.engine.environment.calls.watch(() => {
      throw new Error('a bad observer');
    });
    const pipeline = world.pipeline(BREAKER);

    const first = await world.callNow(pipeline, executions('ok'));
    stop();
    stopBad();
    await world.callNow(pipeline, executions('ok'));

    expect(first.value).toBe('ok');
    expect(world.reports).toEqual([new Error('a bad observer')]);
    expect(ended).toHaveLength(1);
    expect(world.engine.environment.calls.isWatched).toBe(false);
  });
});
