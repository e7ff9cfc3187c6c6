import { describe, expect, it } from '@jest/globals';
import { hedgeLayer } from '../../../lib/pipeline/promise-hedge.js';
import { gateLayer, PLAIN_VALUES, retryLayer } from '../../../lib/pipeline/promise-layers.js';
import { limitLayer } from '../../../lib/pipeline/promise-limit.js';
import { BulkheadRule, resolveBulkheadOptions } from '../../../lib/policies/bulkhead/index.js';
import {
  type CircuitBreakerOptions,
  createCircuitBreaker,
  resolveCircuitBreakerOptions,
} from '../../../lib/policies/circuit-breaker/index.js';
import { resolveRetryOptions, RetryRule } from '../../../lib/policies/retry/index.js';
import { TimeLimit } from '../../../lib/policies/time-limiter/index.js';
import { type Execution, HedgeWorld } from '../../support/hedge-world.js';

function breakerOf({ environment }: HedgeWorld, options: CircuitBreakerOptions) {
  return createCircuitBreaker({
    name: 'db',
    options: resolveCircuitBreakerOptions('db', options),
    environment,
  });
}

function bulkheadOf({ environment }: HedgeWorld, maxConcurrentCalls: number, maxQueueSize = 0) {
  const options = resolveBulkheadOptions('db', { maxConcurrentCalls, maxQueueSize });
  return new BulkheadRule({ name: 'db', options, environment });
}

function hedgedWith(
  world: HedgeWorld,
  gate: Parameters<typeof gateLayer>[0],
  ...executions: readonly Execution[]
) {
  const inside = gateLayer(gate, 1, world.method(...executions));
  return hedgeLayer(world.rule({ delay: 50 }), world.environment, inside);
}

describe('hedged attempts', () => {
  it('LM-42: an aborted loser is nothing to the breaker', async () => {
    const world = new HedgeWorld();
    const breaker = breakerOf(world, { failureThreshold: 2 });

    for (let call = 0; call < 5; call += 1) {
      await world.call(hedgedWith(world, breaker, world.untilAborted(), world.takes(30)));
    }

    expect(breaker.state).toBe('closed');
    expect(breaker.snapshot()).toMatchObject({ recordedCalls: 5, failures: 0 });
  });

  it('each pass the breaker by themselves: a failure of each is recorded', async () => {
    const world = new HedgeWorld();
    const breaker = breakerOf(world, {});

    await world.call(hedgedWith(world, breaker, world.fails(60), world.fails(60)));

    expect(breaker.snapshot()).toMatchObject({ recordedCalls: 2, failures: 2 });
  });

  it('give every permit back: a loser keeps its place in the bulkhead until its work ends', async () => {
    const world = new HedgeWorld();
    const bulkhead = bulkheadOf(world, 2);
    const { outcome } = world.start(hedgedWith(world, bulkhead, world.takes(200), world.takes(30)));

    await world.clock.advanceTo(100);
    const during = bulkhead.snapshot().inUse;
    await world.clock.advanceTo(200);

    expect(outcome).toMatchObject({ endedMs: 80 });
    expect(during).toBe(1);
    expect(bulkhead.snapshot().inUse).toBe(0);
  });

  it('that the bulkhead refuses have failed: the first goes on', async () => {
    const world = new HedgeWorld();

    const outcome = await world.call(hedgedWith(world, bulkheadOf(world, 1), world.takes(200, 'first')));

    expect(outcome).toEqual({ value: 'first', endedMs: 200 });
    expect(world.runsAt).toEqual([0]);
    expect(world.events.kinds).toEqual(['hedge.launched', 'bulkhead.rejected']);
  });

  it('that still stand in a queue when they have lost leave it and never run', async () => {
    const world = new HedgeWorld();
    const bulkhead = bulkheadOf(world, 1, 2);
    const { outcome } = world.start(hedgedWith(world, bulkhead, world.takes(200, 'first')));
    const { outcome: other } = world.start(gateLayer(bulkhead, 1, world.takes(100, 'other')));

    await world.clock.advanceTo(200);
    const { queued } = bulkhead.snapshot();
    await world.clock.runAll();

    expect(outcome).toEqual({ value: 'first', endedMs: 200 });
    expect(other).toEqual({ value: 'other', endedMs: 300 });
    expect(world.runsAt).toEqual([0]);
    expect(queued).toBe(0);
    expect(bulkhead.snapshot().inUse).toBe(0);
  });

  it('that queue behind their own first attempt never run once it has won', async () => {
    const world = new HedgeWorld();
    const { environment } = world;
    const bulkhead = bulkheadOf(world, 1, 2);
    const limit = new TimeLimit({ limit: 'attempt', timeoutMs: 500, environment });
    const inside = limitLayer(limit, environment, gateLayer(bulkhead, 1, world.method(world.takes(200))));

    const outcome = await world.call(hedgeLayer(world.rule({ delay: 50 }), environment, inside));

    expect(outcome).toEqual({ value: 'after 200', endedMs: 200 });
    expect(world.runsAt).toEqual([0]);
    expect(bulkhead.snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('that queue behind their own first attempt run when it has failed', async () => {
    const world = new HedgeWorld();
    const bulkhead = bulkheadOf(world, 1, 2);

    const outcome = await world.call(hedgedWith(world, bulkhead, world.fails(200), world.takes(30)));

    expect(outcome).toEqual({ value: 'after 30', endedMs: 230 });
    expect(world.runsAt).toEqual([0, 200]);
    expect(bulkhead.snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('have a time limit each, which begins with them', async () => {
    const world = new HedgeWorld();
    const { environment } = world;
    const limit = new TimeLimit({ limit: 'attempt', timeoutMs: 100, environment });
    const inside = limitLayer(limit, environment, world.method(world.takes(500), world.takes(90, 'second')));

    const outcome = await world.call(hedgeLayer(world.rule({ delay: 50 }), environment, inside));

    expect(outcome).toEqual({ value: 'second', endedMs: 140 });
    expect(world.events.kinds).toEqual(['hedge.launched', 'time-limiter.timed-out']);
  });

  it('end with a time limit around them, and none starts any more', async () => {
    const world = new HedgeWorld();
    const { environment } = world;
    const limit = new TimeLimit({ limit: 'total', timeoutMs: 70, environment });
    const breaker = breakerOf(world, {});
    const inside = gateLayer(breaker, 1, world.method(world.untilAborted()));
    const rule = world.rule({ delay: 50, maxHedgedAttempts: 3 });

    const { outcome } = world.start(limitLayer(limit, environment, hedgeLayer(rule, environment, inside)));
    await world.clock.advanceTo(70);

    expect(outcome).toMatchObject({ error: { timeoutMs: 70 }, endedMs: 70 });
    expect(world.runsAt).toEqual([0, 50]);
    expect(world.calls.map((each) => each.cancellation.origin)).toEqual(['limit', 'limit']);
    expect(breaker.snapshot()).toMatchObject({ failures: 2 });
    expect(world.clock.allTimers).toBe(0);
  });

  it('of the next attempt of a retry begin anew, under its number', async () => {
    const world = new HedgeWorld();
    const { environment } = world;
    const backoff = { type: 'fixed', initialDelay: 10, jitter: 'none' } as const;
    const options = resolveRetryOptions('Quotes.get', { budget: false, backoff });
    const retry = new RetryRule({ name: 'retry', options, environment, budget: undefined });
    const method = world.method(world.fails(60), world.fails(20), world.takes(200), world.takes(5, 'fourth'));
    const inside = hedgeLayer(world.rule({ delay: 50 }), environment, method);

    const outcome = await world.call(retryLayer(retry, environment, inside));

    expect(outcome).toEqual({ value: 'fourth', endedMs: 135 });
    expect(world.runsAt).toEqual([0, 50, 80, 130]);
    expect(world.calls.map((each) => each.attempt)).toEqual([1, 1, 2, 2]);
  });

  it('hand a value that came too late to the view of the composition', async () => {
    const world = new HedgeWorld();
    const lost: unknown[] = [];
    const view = { ...PLAIN_VALUES, lost: (value: unknown) => lost.push(value) };
    const method = world.method(world.takes(200, 'first'), world.takes(30, 'second'));

    await world.call(hedgeLayer(world.rule({ delay: 50 }), world.environment, method, view));

    expect(lost).toEqual(['first']);
  });
});
