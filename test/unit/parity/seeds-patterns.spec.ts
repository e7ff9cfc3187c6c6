import { describe, expect, it } from '@jest/globals';
import { isRetryable } from '../../../lib/core/index.js';
import { type RetryOptions, retryInfo } from '../../../lib/policies/retry/index.js';
import { executions, hang, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';
import { ALWAYS, AT_ONCE, play } from './play.js';

/**
 * Named by the rows of spec/parity.md, "The seeds' own patterns". Idempotency stands in seeds-idempotency.spec.ts, a
 * gathered whole in test/integration/parity/gather.spec.ts, chaos and the healing loop in test/integration/nest.
 */
describe('the seeds’ own patterns', () => {
  it('retry up to three times, then raise', async () => {
    const { runs, error } = await play({ backoff: AT_ONCE }, ALWAYS);

    expect([runs, error]).toEqual([3, ALWAYS]);
  });

  it.each([
    ['fixed', [100, 100, 100]],
    ['linear', [100, 200, 300]],
    ['exponential', [100, 200, 400]],
  ] as const)('fixed, incremental, exponential delay: %s', async (type, expected) => {
    const { delays } = await play({ maxAttempts: 4, backoff: { type, initialDelay: 100 } }, ALWAYS);

    expect(delays).toEqual(expected);
  });

  it.each([
    ['additive', [150, 300, 450]],
    ['full', [50, 100, 200]],
  ] as const)('added jitter; full jitter: %s', async (jitter, expected) => {
    const backoff = { initialDelay: 100, maxDelay: 600, jitter } as const;

    const { delays } = await play({ maxAttempts: 4, backoff }, ALWAYS);

    expect(delays).toEqual(expected);
  });

  it('retryable and non-retryable statuses, unknown ≥ 500', () => {
    const retried = [400, 401, 404, 408, 422, 429, 500, 502, 503, 504, 520, 599].filter((status) =>
      isRetryable(httpError(status)),
    );

    expect(retried).toEqual([408, 429, 500, 502, 503, 504, 520, 599]);
  });

  it.each([
    ['30', 30_000],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
  ])('Retry-After as seconds or date: %s', async (header, delayMs) => {
    const { delays } = await play({ maxAttempts: 2 }, httpError(429, { 'Retry-After': header }));

    expect(delays).toEqual([delayMs]);
  });

  it('circuit breaker: 5 failures, 30 s, closed / open / half-open, one request', async () => {
    const world = new PipelineWorld();
    const circuitBreaker = {
      failureThreshold: 5,
      failureRateThreshold: false,
      waitDurationInOpenState: '30s',
    } as const;
    const pipeline = world.pipeline({ circuitBreaker });
    await world.runsOf(pipeline, executions(503), 5);
    const refused = await world.callNow(pipeline, executions('healthy'));
    await world.clock.advance(30_000);

    const [probe, beside] = [world.start(pipeline, () => world.valueAfter(10)), world.start(pipeline, hang)];
    await world.clock.advance(10);

    expect(refused.runsAt).toEqual([]);
    expect([probe.value, beside.runsAt]).toEqual(['ok', []]);
    expect(world.events.of('circuit-breaker.state-changed').map(({ to }) => to)).toEqual([
      'open',
      'half-open',
      'closed',
    ]);
  });

  it('retry budget of 10 per second', async () => {
    const world = new PipelineWorld({ retryBudget: { maxRetriesPerSecond: 10 } });
    const pipeline = world.pipeline({ retry: { maxAttempts: 2, backoff: AT_ONCE } });
    const retried = async (calls: number): Promise<number> =>
      (await world.runsOf(pipeline, executions(503), calls)).filter((runs) => runs === 2).length;

    const first = await retried(15);
    await world.clock.advance(1000);

    expect([first, await retried(15)]).toEqual([10, 10]);
  });

  it('natural idempotency: retryUnsafe on operations that are safe to repeat', async () => {
    const post = Object.assign(httpError(503), { config: { method: 'POST', headers: {} } });

    expect((await play({ backoff: AT_ONCE }, post)).runs).toBe(1);
    expect((await play({ backoff: AT_ONCE, retryUnsafe: true }, post)).runs).toBe(3);
  });

  it('timeouts; fallbacks with cached or other data', async () => {
    const world = new PipelineWorld();
    const lastGood = { maxAge: '5m', key: () => 'rates' } as const;
    const pipeline = world.pipeline({ timeLimiter: '100ms', fallback: { handler: { lastGood } } });
    const other = world.pipeline({ fallback: { handler: { value: 'other' } } }, 'Orders.other');

    const calls = [await world.call(pipeline, executions('fresh')), await world.call(pipeline, hang)];

    expect(calls.map(({ value }) => value)).toEqual(['fresh', 'fresh']);
    expect((await world.call(other, executions(503))).value).toBe('other');
  });

  it('isolating failure domains: one dependency that hangs takes no place of another', async () => {
    const world = new PipelineWorld();
    const slow = world.pipeline({ bulkhead: { name: 'slow', maxConcurrentCalls: 2 } });
    const quick = world.pipeline({ bulkhead: { name: 'quick', maxConcurrentCalls: 2 } });
    for (let call = 0; call < 2; call += 1) world.start(slow, hang);

    const [full, free] = [await world.callNow(slow, hang), await world.callNow(quick, executions('there'))];

    expect(full.error).toMatchObject({ code: 'RESILIENCE_BULKHEAD_FULL' });
    expect(free.value).toBe('there');
  });

  it('transient against persistent, escalation: onGiveUp with a reason', async () => {
    const told: unknown[] = [];
    const onGiveUp: RetryOptions['onGiveUp'] = ({ reason, error }) => told.push([reason, error]);
    const persistent = httpError(404);

    await play({ backoff: AT_ONCE, onGiveUp }, persistent);
    await play({ backoff: AT_ONCE, onGiveUp }, ALWAYS);

    expect(told).toEqual([
      ['not-retryable', persistent],
      ['exhausted', ALWAYS],
    ]);
  });

  it('log and monitor everything: each thing that happened is one event', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ maxAttempts: 2, backoff: AT_ONCE });
    const circuitBreaker = { failureThreshold: 2 };
    const pipeline = world.pipeline({ retry, circuitBreaker, fallback: { handler: { value: 'other' } } });

    const call = await world.call(pipeline, executions(ALWAYS));

    expect(call.value).toBe('other');
    expect(world.events.all.map(({ kind }) => kind)).toEqual([
      'retry.scheduled',
      'circuit-breaker.state-changed',
      'retry.gave-up',
      'fallback.served',
    ]);
    expect(retryInfo(ALWAYS)).toMatchObject({ attempts: 2, reason: 'exhausted' });
  });
});
