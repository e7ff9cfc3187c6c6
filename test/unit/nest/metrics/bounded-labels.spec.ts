import { describe, expect, it } from '@jest/globals';
import { executions, fails, PipelineWorld } from '../../../support/pipeline-world.js';
import { measure } from '../../../support/recorded-metrics.js';

const RETRY = { retry: { maxAttempts: 2, backoff: { type: 'fixed', initialDelay: 1 } } } as const;
const BREAKER = { circuitBreaker: { failureThreshold: 1 } } as const;

function measuredWorld(maxNames?: number) {
  const world = new PipelineWorld();
  const { engine, events } = world.policies;
  const application = { engine, events, environment: engine.environment };
  return { world, metrics: measure(application, maxNames === undefined ? {} : { maxNames }) };
}

describe('labels', () => {
  it('operations above the bound are counted together, those below it keep their own', async () => {
    const { world, metrics } = measuredWorld(2);

    for (const operation of ['a', 'b', 'c', 'd', 'a']) {
      await world.call(world.pipeline(RETRY, operation), fails);
    }

    expect(metrics.of('resilience.calls')).toEqual({ 'a failure': 2, 'b failure': 1, '(others) failure': 2 });
    expect(metrics.of('resilience.retries')).toEqual({ a: 2, b: 1, '(others)': 2 });
    expect(metrics.of('resilience.give_ups')).toEqual({
      'a exhausted': 2,
      'b exhausted': 1,
      '(others) exhausted': 2,
    });
    expect(metrics.valuesOf('resilience.call.duration', '(others)')).toHaveLength(2);
  });

  it('what is shared above the bound is put together: counts and states add up, the worst rate stands', async () => {
    const { world, metrics } = measuredWorld(1);
    await world.call(world.pipeline(BREAKER, 'first'), executions('ok'));
    await world.call(world.pipeline(BREAKER, 'second'), fails);
    await world.call(world.pipeline(BREAKER, 'third'), executions('ok'));

    expect(metrics.of('resilience.circuit_breaker.state')).toMatchObject({
      'first closed': 1,
      'first open': 0,
      '(others) closed': 1,
      '(others) open': 1,
    });
    expect(metrics.of('resilience.circuit_breaker.calls')).toMatchObject({
      'first success': 1,
      '(others) success': 1,
      '(others) failure': 1,
    });
    expect(metrics.of('resilience.circuit_breaker.failure_rate')).toEqual({ first: 0, '(others)': 1 });
  });

  it('endless names make no endless series', async () => {
    const { world, metrics } = measuredWorld();

    for (let index = 0; index < 1_200; index += 1) {
      await world.pipeline(RETRY, `tenant ${index}`).call(async () => 'ok', []);
    }

    const calls = metrics.of('resilience.calls');
    expect(Object.keys(calls)).toHaveLength(1_001);
    expect(calls['(others) success']).toBe(200);
  });

  it('the keys of a breaker are told apart by nobody', async () => {
    const { world, metrics } = measuredWorld();
    const policies = {
      circuitBreaker: { name: 'hosts', failureThreshold: 1, key: () => `host ${Math.random()}` },
    };

    const pipeline = world.pipeline(policies);
    await world.runsOf(pipeline, fails, 3);

    expect(metrics.of('resilience.circuit_breaker.failure_rate')).toEqual({ hosts: 1 });
    expect(metrics.of('resilience.circuit_breaker.calls')).toMatchObject({ 'hosts failure': 3 });
  });
});
