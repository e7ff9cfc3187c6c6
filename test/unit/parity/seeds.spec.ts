import { describe, expect, it } from '@jest/globals';
import { isRetryable } from '../../../lib/core/index.js';
import { type RetryOptions, retryInfo } from '../../../lib/policies/retry/index.js';
import { executions, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';
import { ALWAYS, AT_ONCE, play } from './play.js';

/** The breaker of the sample code: five failures in a row, thirty seconds. */
const SEED_BREAKER = {
  failureThreshold: 5,
  failureRateThreshold: false,
  waitDurationInOpenState: '30s',
} as const;

/** A world whose breaker has just opened after five failures. */
async function opened(options = {}) {
  const world = new PipelineWorld();
  const pipeline = world.pipeline({ circuitBreaker: { ...SEED_BREAKER, ...options } });
  await world.runsOf(pipeline, executions(503), 5);
  expect(world.breaker().state).toBe('open');
  return { world, pipeline };
}

/** Named by the numbers of spec/parity.md, "Defects of the seeds' sample code that ours must not have". */
describe('the seeds’ sample code: attempts and delays', () => {
  it('1: a number of attempts means attempts, and no wait follows the last one', async () => {
    const { runsAt, endedMs } = await play({ maxAttempts: 5, backoff: { initialDelay: 1000 } }, ALWAYS);

    expect(runsAt).toEqual([0, 1000, 3000, 7000, 15_000]);
    expect(endedMs).toBe(15_000);
  });

  it('2: the function is called at least once, and an attempt of none is refused', async () => {
    const { runs, error } = await play({ maxAttempts: 1 }, ALWAYS);

    expect([runs, error]).toEqual([1, ALWAYS]);
    expect(() => new PipelineWorld().pipeline({ retry: { maxAttempts: 0 } })).toThrow('at least 1');
  });

  it('3: there is a cap, a deadline, and a way to cancel', async () => {
    const capped = await play({ maxAttempts: 30, backoff: { initialDelay: '1s' } }, ALWAYS);
    const limited = await play(
      { maxAttempts: 30, maxDuration: '10s', backoff: { initialDelay: '1s' } },
      ALWAYS,
    );
    const world = new PipelineWorld();
    const caller = new AbortController();
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: { initialDelay: '1s' } }) });
    const cancelled = world.start(pipeline, executions(503), { signal: caller.signal });
    await world.clock.advance(500);
    caller.abort();
    await world.clock.settle();

    expect(Math.max(...capped.delays)).toBe(20_000);
    expect(limited.endedMs).toBeLessThan(10_000);
    expect(cancelled).toMatchObject({ endedMs: 500, runsAt: [0] });
  });

  it.each([
    [425, true],
    [429, true],
    [500, true],
    [501, false],
    [505, false],
    [511, false],
    [600, false],
    [999, false],
  ])('4: status %d is retried: %s', (status, isRetried) => {
    expect(isRetryable(httpError(status))).toBe(isRetried);
  });

  it('4: asks for the HTTP method', async () => {
    const failed = (method: string) => Object.assign(httpError(503), { config: { method, headers: {} } });

    expect((await play({ backoff: AT_ONCE }, failed('GET'))).runs).toBe(3);
    expect((await play({ backoff: AT_ONCE }, failed('POST'))).runs).toBe(1);
  });

  it.each([
    ['Sun, 22 Nov 2026 12:00:10 GMT', 10_000],
    ['-5', 100],
    ['1_000', 100],
    ['\u0661\u0662', 100],
    ['1.5', 100],
    ['120', undefined],
    ['86400000', undefined],
    ['7', 7000],
  ])('5: Retry-After %s makes a wait of %s ms', async (header, delayMs) => {
    const asks = httpError(503, { 'Retry-After': header });

    const { delays, error } = await play({ backoff: { type: 'fixed', initialDelay: 100 } }, asks);

    expect(delays[0]).toBe(delayMs);
    expect(error).toBe(asks);
  });

  it('5: jitter comes on top of what the server asks', async () => {
    const world = new PipelineWorld({}, { random: 0.5 });
    const retry: RetryOptions = { budget: false, backoff: { initialDelay: 100, jitter: 'full' } };

    await world.call(world.pipeline({ retry }), executions(httpError(503, { 'Retry-After': '2' }), 'ok'));

    expect(world.events.of('retry.scheduled')).toMatchObject([{ delayMs: 2050 }]);
  });

  it('19: a 400 is not retried, the error is the method’s own, and an attempt has a time limit', async () => {
    const bad = httpError(400);
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: AT_ONCE }), timeLimiter: '1s' });

    const { runs, error } = await play({ backoff: AT_ONCE }, bad);
    const late = await world.call(pipeline, (run) => (run === 1 ? new Promise(() => undefined) : 'in time'));

    expect([runs, error]).toEqual([1, bad]);
    expect(late).toMatchObject({ value: 'in time', runsAt: [0, 1000] });
  });

  it('20: a predicate that throws replaces no error', async () => {
    const retryOn = (): never => {
      throw new TypeError('no response');
    };

    expect((await play({ backoff: AT_ONCE, retryOn }, ALWAYS)).error).toBe(ALWAYS);
  });

  it('21: five requests where five are meant, with jitter', async () => {
    const world = new PipelineWorld({}, { random: [0.1, 0.9, 0.4, 0.6] });
    const retry: RetryOptions = { budget: false, maxAttempts: 5, backoff: { initialDelay: '1s' } };

    const { runsAt } = await world.call(world.pipeline({ retry }), executions(503));

    expect(runsAt).toHaveLength(5);
    expect(world.events.of('retry.scheduled').map(({ delayMs }) => delayMs)).toEqual([100, 1800, 1600, 4800]);
  });
});

describe('the seeds’ sample code: circuit breaker', () => {
  it('6: half-open lets one through of ten at once', async () => {
    const { world, pipeline } = await opened();
    await world.clock.advance(30_000);

    const calls = Array.from({ length: 10 }, () => world.start(pipeline, () => world.valueAfter(100)));
    await world.clock.runAll();

    expect(calls.filter(({ runsAt }) => runsAt.length > 0)).toHaveLength(1);
    expect(world.breaker().state).toBe('closed');
  });

  it('7: a late success from before the opening does not close it', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: SEED_BREAKER });
    const early = world.start(pipeline, () => world.valueAfter(1000));
    for (let call = 0; call < 5; call += 1) await world.callNow(pipeline, executions(503));

    await world.clock.advance(1000);

    expect(early.value).toBe('ok');
    expect(world.breaker().state).toBe('open');
  });

  it('8: a late failure does not prolong the open time', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: SEED_BREAKER });
    world.start(pipeline, () => world.errorAfter(29_000));
    for (let call = 0; call < 5; call += 1) await world.callNow(pipeline, executions(503));

    await world.clock.advance(30_000);
    const probe = await world.callNow(pipeline, executions('healthy'));

    expect(probe).toMatchObject({ value: 'healthy', runsAt: [30_000] });
  });

  it('9: eighty percent of failures among a hundred calls open it', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: {} });
    let calls = 0;
    const mostly = (): string => {
      calls += 1;
      if (calls % 5 !== 0) throw httpError();
      return 'good';
    };

    for (let call = 0; call < 100; call += 1) await world.callNow(pipeline, mostly);

    expect(world.breaker().state).toBe('open');
  });

  it('10: bugs and client errors do not count', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: SEED_BREAKER });

    await world.runsOf(pipeline, executions(400), 20);
    await world.runsOf(pipeline, executions(new TypeError('a bug')), 20);

    expect(world.breaker().state).toBe('closed');
  });

  it('11: a wall clock that is set back changes nothing, and the probe passes at exactly 30 s', async () => {
    const { world, pipeline } = await opened();
    world.clock.shiftWall(-3_600_000);
    await world.clock.advance(29_999);
    const early = await world.callNow(pipeline, executions('healthy'));
    await world.clock.advance(1);

    const probe = await world.callNow(pipeline, executions('healthy'));

    expect(early.error).toMatchObject({ code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN' });
    expect(probe.value).toBe('healthy');
  });

  it('11: a wall clock that is set back leaves the budget as it is', async () => {
    const world = new PipelineWorld({ retryBudget: { maxRetriesPerSecond: 1 } });
    const pipeline = world.pipeline({ retry: { maxAttempts: 2, backoff: { ...AT_ONCE, jitter: 'none' } } });
    await world.callNow(pipeline, executions(503));
    world.clock.shiftWall(-3_600_000);
    await world.clock.advance(1000);

    const call = await world.callNow(pipeline, executions(503));

    expect(call.runsAt).toHaveLength(2);
  });

  it('12: the failure of an asynchronous function counts', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ circuitBreaker: SEED_BREAKER });

    const calls = Array.from({ length: 5 }, () => world.start(pipeline, () => world.errorAfter(10)));
    await world.clock.runAll();

    expect(calls).toHaveLength(5);
    expect(world.breaker().state).toBe('open');
  });

  it('13: a probe that hangs gives its place back, and a threshold of nothing is refused', async () => {
    const { world, pipeline } = await opened({ maxWaitDurationInHalfOpenState: '60s' });
    await world.clock.advance(30_000);
    world.start(pipeline, () => new Promise(() => undefined));
    await world.clock.advance(60_000);
    // Whether the probe that hung opens it anew or not: in the end it is not half-open for ever.
    await world.clock.advance(60_000);

    const next = await world.callNow(pipeline, executions('healthy'));

    expect(next.value).toBe('healthy');
    expect(() => new PipelineWorld().pipeline({ circuitBreaker: { failureThreshold: 0 } })).toThrow(
      'failureThreshold',
    );
  });
});

describe('the seeds’ sample code: retry budget', () => {
  const once: RetryOptions = { maxAttempts: 2, backoff: { ...AT_ONCE, jitter: 'none' } };

  it('14: ten tokens are ten retries, and the balance is never negative', async () => {
    const world = new PipelineWorld({ retryBudget: { maxRetriesPerSecond: 10 } });

    const runs = await Promise.all(
      Array.from({ length: 30 }, () => world.callNow(world.pipelineOf({ retry: once }), executions(503))),
    );

    expect(runs.filter(({ runsAt }) => runsAt.length === 2)).toHaveLength(10);
    expect(world.balance).toBe(0);
  });

  it('15: half a retry per second is one every two seconds', async () => {
    const world = new PipelineWorld({ retryBudget: { maxRetriesPerSecond: 0.5 } });
    const pipeline = world.pipeline({ retry: once });
    const granted: number[] = [];
    for (let second = 0; second <= 6; second += 1) {
      const { runsAt } = await world.callNow(pipeline, executions(503));
      if (runsAt.length === 2) granted.push(second);
      await world.clock.advance(1000);
    }

    expect(granted).toEqual([0, 2, 4, 6]);
  });

  it('16: it grows with what succeeds, and a method may have one of its own', async () => {
    const world = new PipelineWorld({
      retryBudget: { capacity: 1, ratio: 0.5, minRetriesPerSecond: 0 },
      retryBudgets: { other: { capacity: 1, ratio: 0, minRetriesPerSecond: 0 } },
    });
    const shared = world.pipeline({ retry: once });
    const own = world.pipeline({ retry: { ...once, budget: 'other' } }, 'Orders.cancel');
    const runsOf = async (pipeline: typeof shared) =>
      (await world.callNow(pipeline, executions(503))).runsAt.length;

    const spent = [await runsOf(shared), await runsOf(shared), await runsOf(own)];
    await world.runsOf(shared, executions('ok'), 2);

    expect([...spent, await runsOf(shared)]).toEqual([2, 1, 2, 2]);
  });

  it('17: a retry that is granted comes after its delay', async () => {
    const world = new PipelineWorld({ retryBudget: { maxRetriesPerSecond: 10 } });
    const retry: RetryOptions = { maxAttempts: 2, backoff: { initialDelay: '1s', jitter: 'none' } };

    const { runsAt, error } = await world.call(world.pipeline({ retry }), executions(503));

    expect(runsAt).toEqual([0, 1000]);
    expect(retryInfo(error)).toMatchObject({ attempts: 2 });
  });
});
