import { describe, expect, it } from '@jest/globals';
import { type BreakerDriver, breakerOf, countRule, F404, LocalRefusal, times } from './breaker-driver.js';

describe('a closed circuit breaker', () => {
  it('CB-01: opens after five consecutive failures, rejects the sixth call and keeps no timer', () => {
    const breaker = breakerOf();

    breaker.calls(times(6, 'F'));

    expect(breaker.gate.state).toBe('open');
    expect(breaker.changes).toEqual(['closed>open']);
    expect(breaker.executions).toBe(5);
    expect(breaker.clock.allTimers).toBe(0);
  });

  it('CB-02: begins the row of failures anew with a success', () => {
    const breaker = breakerOf();

    breaker.calls([...times(4, 'F' as const), 'S', ...times(4, 'F' as const)]);

    expect(breaker.gate.state).toBe('closed');
  });

  it('CB-03: counts consecutive failures however far apart they are', async () => {
    const breaker = breakerOf().calls(times(4, 'F'));

    await breaker.clock.advanceTo(3_600_000);
    breaker.calls(['F']);

    expect(breaker.gate.state).toBe('open');
  });

  it('CB-04: opens when the window is full and the rate reached', () => {
    const breaker = breakerOf(countRule(4, 0.75));

    breaker.calls(times(7, 'F'));

    expect(breaker.executions).toBe(4);
    expect(breaker.rejections).toBe(3);
  });

  it('CB-05: lets a success open it when the window then shows the rate', () => {
    const breaker = breakerOf(countRule(4, 0.75));

    breaker.calls(['F', 'F', 'F', 'S', 'S']);

    expect(breaker.executions).toBe(4);
    expect(breaker.recorder.of('circuit-breaker.state-changed')[0]?.operation).toBe('Test.method');
  });

  it('CB-06: forgets the oldest call of a count window', () => {
    const breaker = breakerOf(countRule(4, 0.5)).calls(['S', 'F', 'S', 'S']);
    const afterFour = breaker.gate.state;

    breaker.calls(['F']);

    expect([afterFour, breaker.gate.state]).toEqual(['closed', 'open']);
  });

  it.each([
    { calls: 10, failures: 0, state: 'closed' },
    { calls: 10, failures: 1, state: 'open' },
    { calls: 9, failures: 1, state: 'closed' },
  ])('CB-07: is $state after $calls calls with $failures failures at a threshold of .1', (given) => {
    const breaker = breakerOf({
      failureThreshold: false,
      minimumNumberOfCalls: 10,
      failureRateThreshold: 0.1,
    });

    breaker.calls([
      ...times(given.failures, 'F' as const),
      ...times(given.calls - given.failures, 'S' as const),
    ]);

    expect(breaker.gate.state).toBe(given.state);
  });

  it('CB-08: waits for the minimum of calls before a rate counts', () => {
    const breaker = breakerOf({ failureThreshold: false, minimumNumberOfCalls: 5 }).calls([
      'F',
      'F',
      'F',
      'S',
    ]);
    const afterFour = breaker.gate.state;

    breaker.calls(['S']);

    expect([afterFour, breaker.gate.state]).toEqual(['closed', 'open']);
    expect(breaker.gate.snapshot().failureRate).toBe(0.6);
    expect(breaker.changes).toHaveLength(1);
  });

  it('CB-09: opens by rate where failures never follow each other often enough', () => {
    const breaker = breakerOf();

    for (let round = 0; round < 5; round += 1) breaker.calls(['F', 'F', 'F', 'F', 'S']);

    expect(breaker.executions).toBe(20);
  });

  it('CB-10: takes a minimum above the size of a count window for that size', () => {
    const breaker = breakerOf({ ...countRule(10, 0.5), minimumNumberOfCalls: 20 });

    breaker.calls(times(11, 'F'));

    expect(breaker.executions).toBe(10);
  });

  it.each([
    { atMs: 8_000, state: 'open' },
    { atMs: 10_000, state: 'closed' },
  ])(
    'CB-11: is $state when the fourth failure comes at $atMs in a window of 10 s',
    async ({ atMs, state }) => {
      const breaker = breakerOf({ failureThreshold: false, minimumNumberOfCalls: 4 }).calls(['F', 'F', 'F']);

      await breaker.clock.advanceTo(atMs);
      breaker.calls(['F']);

      expect(breaker.gate.state).toBe(state);
      breaker.calls(['F', 'F', 'F']);
      expect(breaker.gate.state).toBe('open');
    },
  );

  it('CB-12: opens for slow calls that all succeed', async () => {
    const breaker = breakerOf({
      failureThreshold: false,
      slidingWindow: { type: 'time', size: '30s' },
      minimumNumberOfCalls: 5,
      slowCallDurationThreshold: '4s',
      slowCallRateThreshold: 0.5,
    });

    for (const seconds of [5, 5, 1, 1, 5]) await succeedAfter(breaker, seconds * 1_000);

    expect(breaker.gate.snapshot()).toMatchObject({ state: 'open', slowCallRate: 0.6, failureRate: 0 });
    expect(breaker.gate.counters).toMatchObject({ success: 5, slow: 3, failure: 0 });
  });

  it('does not take a call for slow that takes exactly the threshold', async () => {
    const breaker = breakerOf({ slowCallDurationThreshold: '4s' });

    await succeedAfter(breaker, 4_000);

    expect(breaker.gate.snapshot().slowCalls).toBe(0);
  });

  it('CB-13: counts values that recordResult calls failures, in every state', async () => {
    const breaker = breakerOf({
      recordResult: (value) => value === -1,
      failureThreshold: false,
      minimumNumberOfCalls: 10,
      waitDurationInOpenState: '1s',
    });
    for (let call = 0; call < 10; call += 1) breaker.run().succeed(-1);
    const first = breaker.rejected().retryAfterMs;
    await breaker.clock.advanceTo(500);
    const second = breaker.rejected().retryAfterMs;

    await breaker.clock.advanceTo(1_000);
    breaker.run().succeed(-1);
    const third = breaker.rejected().retryAfterMs;
    await breaker.clock.advanceTo(2_000);
    breaker.run().succeed(0);

    expect([first, second, third]).toEqual([1_000, 500, 1_000]);
    expect(breaker.changes).toEqual([
      'closed>open',
      'open>half-open',
      'half-open>open',
      'open>half-open',
      'half-open>closed',
    ]);
  });

  it.each([
    { what: 'a 404', error: F404 },
    { what: 'BulkheadFullError', error: new LocalRefusal('RESILIENCE_BULKHEAD_FULL') },
    { what: 'RateLimitExceededError', error: new LocalRefusal('RESILIENCE_RATE_LIMIT_EXCEEDED') },
  ])('CB-15: lets $what neither count nor reset', ({ error }) => {
    const breaker = breakerOf().calls([...times(4, 'F' as const), error]);
    const before = breaker.gate.state;

    breaker.calls(['F']);

    expect([before, breaker.gate.state]).toEqual(['closed', 'open']);
    expect(breaker.gate.counters).toMatchObject({ failure: 5, ignored: 1 });
  });

  it('CB-16: lets ignoreOn win over recordOn, by ancestor', () => {
    class E0 extends Error {}
    class E1 extends E0 {}
    const breaker = breakerOf({ ignoreOn: [E1], recordOn: [E0], failureThreshold: 2 });

    breaker.calls([new E0(), new E1()]);
    const afterTwo = breaker.gate.state;
    breaker.calls([new E0()]);

    expect([afterTwo, breaker.gate.state]).toEqual(['closed', 'open']);
  });

  it('CB-17: counts no call that was aborted', () => {
    const breaker = breakerOf();

    breaker.calls(times(50, new DOMException('aborted', 'AbortError')));
    for (let call = 0; call < 50; call += 1) breaker.run().cancel();

    expect(breaker.gate.snapshot()).toMatchObject({ state: 'closed', recordedCalls: 0 });
  });

  it.each([
    { successes: 14, failureRateThreshold: 0.5, state: 'open' },
    { successes: 15, failureRateThreshold: 0.5, state: 'closed' },
    { successes: 15, failureRateThreshold: false, state: 'open' },
  ] as const)(
    'CB-44: is $state after $successes successes and five failures, rate $failureRateThreshold',
    (given) => {
      const breaker = breakerOf({ failureRateThreshold: given.failureRateThreshold });

      breaker.calls([...times(given.successes, 'S' as const), ...times(5, 'F' as const)]);

      expect(breaker.gate.state).toBe(given.state);
    },
  );
});

async function succeedAfter(breaker: BreakerDriver, durationMs: number): Promise<void> {
  const running = breaker.run();
  await breaker.clock.advance(durationMs);
  running.succeed();
}
