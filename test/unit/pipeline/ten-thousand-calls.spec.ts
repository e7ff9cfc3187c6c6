import { describe, expect, it } from '@jest/globals';
import type { Pipeline, PolicyOptions } from '../../../lib/pipeline/index.js';
import { type Execution, fails, PipelineWorld, type Started } from '../../support/pipeline-world.js';

const CALLS = 10_000;

type Shell = 'start' | 'startStream' | 'startIteration';

const SHELLS: readonly Shell[] = ['start', 'startStream', 'startIteration'];

/** As many calls of one method at once, and what can be counted of them. */
class Crowd {
  readonly world = new PipelineWorld();
  private readonly calls: Started[] = [];
  private readonly pipeline: Pipeline;

  constructor(
    private readonly shell: Shell,
    policies: PolicyOptions,
  ) {
    this.pipeline = this.world.pipeline(policies);
  }

  /** Calls the method so often in one moment. */
  async call(times: number, execution: Execution): Promise<void> {
    const { world, shell, pipeline } = this;
    for (let call = 0; call < times; call += 1) this.calls.push(world[shell](pipeline, execution));
    await world.clock.settle();
  }

  /** How many executions began at which time. */
  get starts(): Record<number, number> {
    return counted(this.calls.flatMap(({ runsAt }) => runsAt));
  }

  /** How many calls ended in which way. */
  get ends(): Record<string, number> {
    const ended = this.calls.filter(({ endedMs }) => endedMs !== undefined);
    return counted(ended.map(({ error }) => (error === undefined ? 'value' : codeOf(error))));
  }
}

function codeOf(error: unknown): string {
  const { code, status } = error as { readonly code?: string; readonly status?: number };
  return code ?? String(status);
}

function counted<T extends string | number>(list: readonly T[]): Record<T, number> {
  const counts = {} as Record<T, number>;
  for (const each of list) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}

/** The same number at each of so many times. */
function each(count: number, times: number, everyMs: number): Record<number, number> {
  return Object.fromEntries(Array.from({ length: times }, (_, index) => [index * everyMs, count]));
}

describe.each(SHELLS)('10 000 calls at once (%s)', (shell) => {
  it('meet a bulkhead: as many run as may, as many wait as may, all others are refused', async () => {
    const crowd = new Crowd(shell, { bulkhead: { maxConcurrentCalls: 100, maxQueueSize: 900 } });
    const { world } = crowd;

    await crowd.call(CALLS, () => world.valueAfter(10));
    const { inUse, queued } = world.bulkhead().snapshot();
    await world.clock.runAll();

    expect({ inUse, queued }).toEqual({ inUse: 100, queued: 900 });
    expect(crowd.starts).toEqual(each(100, 10, 10));
    expect(crowd.ends).toEqual({ value: 1_000, RESILIENCE_BULKHEAD_FULL: 9_000 });
    expect(world.events.counts()).toEqual({ 'bulkhead.rejected': 9_000 });
    expect(world.bulkhead().snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('meet a bulkhead with room for all in its queue: none is lost', async () => {
    const crowd = new Crowd(shell, { bulkhead: { maxConcurrentCalls: 1, maxQueueSize: CALLS } });

    await crowd.call(CALLS, () => 'ok');

    expect(crowd.starts).toEqual({ 0: CALLS });
    expect(crowd.ends).toEqual({ value: CALLS });
    expect(crowd.world.bulkhead().snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it.each([
    ['rolling' as const, each(100, 31, 1_000), 3_100],
    ['fixed' as const, each(100, 31, 1_000), 3_100],
    ['smooth' as const, each(1, 3_001, 10), 3_001],
  ])('meet a rate limiter (%s): those whose turn comes in time start in it', async (type, starts, passed) => {
    const crowd = new Crowd(shell, {
      rateLimiter: { type, limit: 100, window: 1_000, maxWaitDuration: 30_000 },
    });
    const { world } = crowd;

    await crowd.call(CALLS, () => 'ok');
    const refused = crowd.ends['RESILIENCE_RATE_LIMIT_EXCEEDED'];
    await world.clock.runAll();

    expect(refused).toBe(CALLS - passed);
    expect(crowd.starts).toEqual(starts);
    expect(crowd.ends).toEqual({ value: passed, RESILIENCE_RATE_LIMIT_EXCEEDED: CALLS - passed });
    expect(world.events.counts()).toEqual({ 'rate-limiter.rejected': CALLS - passed });
    expect(world.clock.allTimers).toBe(0);
  });

  it('meet a breaker that is half-open: as many probes run as may, all others are refused', async () => {
    const crowd = new Crowd(shell, {
      circuitBreaker: { failureThreshold: 5, permittedNumberOfCallsInHalfOpenState: 10 },
    });
    const { world } = crowd;
    await crowd.call(5, fails);
    await world.clock.advanceTo(1_000);

    await crowd.call(CALLS, () => world.valueAfter(50));
    const { state } = world.breaker().snapshot();
    await world.clock.runAll();

    expect(state).toBe('half-open');
    expect(crowd.starts).toEqual({ 0: 5, 1_000: 10 });
    expect(crowd.ends).toEqual({ 503: 5, value: 10, RESILIENCE_CIRCUIT_BREAKER_OPEN: CALLS - 10 });
    expect(world.breaker().gate.counters).toMatchObject({ success: 10, failure: 5, rejected: CALLS - 10 });
    expect(world.breaker().snapshot().state).toBe('closed');
  });

  it('meet a retry budget: as many are retried as it has tokens', async () => {
    const backoff = { type: 'fixed', initialDelay: 100, jitter: 'none' } as const;
    const crowd = new Crowd(shell, { retry: { backoff } });

    await crowd.call(CALLS, fails);
    await crowd.world.clock.runAll();

    expect(crowd.starts).toEqual({ 0: CALLS, 100: 10 });
    expect(crowd.ends).toEqual({ 503: CALLS });
    expect(crowd.world.events.counts()).toMatchObject({ 'retry.scheduled': 10, 'retry.gave-up': CALLS });
  });
});
