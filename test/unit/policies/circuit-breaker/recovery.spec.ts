import { describe, expect, it } from '@jest/globals';
import { breakerOf, countRule, F404, Running, times } from './breaker-driver.js';

const FIVE_FAILURES = times(5, 'F' as const);

describe('an open circuit breaker', () => {
  it('CB-18: rejects until its wait is over, equality included, and says how long that is', async () => {
    const breaker = breakerOf({ waitDurationInOpenState: '30s' }).calls(FIVE_FAILURES);

    await breaker.clock.advanceTo(10_000);
    const first = breaker.rejected();
    await breaker.clock.advanceTo(29_999);
    const second = breaker.rejected();
    await breaker.clock.advanceTo(30_000);

    expect([first.retryAfterMs, second.retryAfterMs]).toEqual([20_000, 1]);
    expect(breaker.start()).toBeInstanceOf(Running);
  });

  it('CB-21: waits as long again after a failed probe where one duration is given', async () => {
    const breaker = breakerOf({ waitDurationInOpenState: '30s' }).calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(30_000);

    breaker.calls(['F']);
    await breaker.clock.advanceTo(59_999);
    const last = breaker.rejected();
    await breaker.clock.advanceTo(60_000);

    expect(last.retryAfterMs).toBe(1);
    expect(breaker.start()).toBeInstanceOf(Running);
  });

  it('CB-22: reads open for as long as nobody calls', async () => {
    const breaker = breakerOf().calls(FIVE_FAILURES);

    await breaker.clock.advanceTo(40_000);
    const before = [breaker.gate.state, breaker.gate.snapshot().state, breaker.gate.snapshot().retryAfterMs];
    breaker.run();

    expect(before).toEqual(['open', 'open', 0]);
    expect(breaker.gate.state).toBe('half-open');
  });

  it('CB-27: waits as long as a function says', async () => {
    const breaker = breakerOf({
      waitDurationInOpenState: ({ consecutiveOpens }) => 5_000 * 1.5 ** (consecutiveOpens - 1),
    }).calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(3_000);
    breaker.rejected();
    await breaker.clock.advanceTo(5_000);
    breaker.run().fail();
    await breaker.clock.advanceTo(11_000);
    breaker.rejected();

    await breaker.clock.advanceTo(12_500);
    breaker.run().succeed();
    const closed = breaker.gate.state;
    breaker.calls(FIVE_FAILURES);

    expect(closed).toBe('closed');
    expect(breaker.rejected().retryAfterMs).toBe(5_000);
  });

  it('CB-28: asks that function once per opening, with 1 again after a close', async () => {
    const asked: number[] = [];
    const waitDurationInOpenState = ({ consecutiveOpens }: { consecutiveOpens: number }): number => {
      asked.push(consecutiveOpens);
      return 1_000;
    };
    const breaker = breakerOf({ waitDurationInOpenState }).calls(FIVE_FAILURES);

    for (const outcome of ['F', 'F', 'F', 'S'] as const) {
      await breaker.clock.advance(1_000);
      breaker.calls([outcome]);
    }
    breaker.calls(FIVE_FAILURES);

    expect(asked).toEqual([1, 2, 3, 4, 1]);
  });

  it.each([
    {
      what: 'throws',
      wait: () => {
        throw new Error('bug');
      },
    },
    { what: 'answers no duration', wait: () => 'soon' as '1s' },
    { what: 'answers 0', wait: () => 0 },
  ])('waits as by default, and reports, where that function $what', ({ wait }) => {
    const breaker = breakerOf({ waitDurationInOpenState: wait });

    breaker.calls(FIVE_FAILURES);

    expect(breaker.rejected().retryAfterMs).toBe(1_000);
    expect(breaker.reports.map(({ what }) => what)).toEqual([
      'waitDurationInOpenState of circuit breaker "db"',
    ]);
  });

  it('CB-45: probes after 1, 2, 4, 8, 16, 30, 30 s, at no other time, and after 1 s again once closed', async () => {
    const breaker = breakerOf().calls(FIVE_FAILURES);
    const probesAtMs: number[] = [];

    for (let atMs = 100; atMs <= 122_000; atMs += 100) {
      await breaker.clock.advanceTo(atMs);
      const started = breaker.start();
      if (!(started instanceof Running)) continue;
      probesAtMs.push(atMs);
      if (atMs < 121_000) started.fail();
      else started.succeed();
      if (atMs === 121_000) breaker.calls(FIVE_FAILURES);
    }

    expect(probesAtMs).toEqual([1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000, 121_000, 122_000]);
  });
});

describe('a half-open circuit breaker', () => {
  it('CB-19: lets one of a hundred calls through', async () => {
    const breaker = breakerOf().calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(1_000);

    const started = Array.from({ length: 100 }, () => breaker.start());

    expect(started.filter((each) => each instanceof Running)).toHaveLength(1);
    expect(breaker.rejections).toBe(99);
  });

  it('tells those it refuses no time, since a probe may settle at any moment', async () => {
    const breaker = breakerOf().calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(1_000);
    breaker.run();

    const error = breaker.rejected();

    expect(error).not.toHaveProperty('retryAfterMs');
  });

  it('CB-20: closes after a probe that succeeded, with nothing remembered', async () => {
    const breaker = breakerOf().calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(1_000);

    breaker.calls(['S', ...times(4, 'F' as const)]);
    const afterFour = breaker.gate.state;
    breaker.calls(['F']);

    expect([afterFour, breaker.gate.state]).toEqual(['closed', 'open']);
  });

  it('CB-23: begins with an empty window after it closed', async () => {
    const breaker = breakerOf({ ...countRule(4, 0.75), waitDurationInOpenState: '1s' });
    breaker.calls([...times(4, 'F' as const), 'F']);
    await breaker.clock.advanceTo(2_000);

    breaker.calls(['S', 'F', 'F', 'F']);
    const afterThree = breaker.gate.state;
    breaker.calls(['F']);

    expect([afterThree, breaker.gate.state]).toEqual(['closed', 'open']);
    expect(breaker.executions).toBe(9);
  });

  it.each([
    { outcomes: ['F', 'F', 'S', 'F'], state: 'open', recordedCalls: 4, failureRate: 0.75 },
    { outcomes: ['F', 'S', 'S', 'S'], state: 'closed', recordedCalls: 0, failureRate: 0 },
  ] as const)('CB-24: is $state after the probes $outcomes', async ({ outcomes, ...expected }) => {
    const breaker = breakerOf({ permittedNumberOfCallsInHalfOpenState: 4 }).calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(1_000);

    breaker.calls(outcomes.slice(0, 3));
    const afterThree = breaker.gate.state;
    breaker.calls(outcomes.slice(3));

    expect(afterThree).toBe('half-open');
    expect(breaker.gate.snapshot()).toMatchObject(expected);
  });

  it('CB-25: gives the permit of an ignored outcome to the next call', async () => {
    const breaker = breakerOf({ permittedNumberOfCallsInHalfOpenState: 4 }).calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(1_000);
    const probe = breaker.run();
    for (let call = 0; call < 5; call += 1) breaker.start();

    probe.fail(F404);
    const next = [breaker.start(), breaker.start()];

    expect(breaker.rejections).toBe(3);
    expect(next.map((each) => each instanceof Running)).toEqual([true, false]);
  });

  it.each([
    { outcomes: ['S', 'F'], state: 'open' },
    { outcomes: ['S', 'S'], state: 'half-open' },
    { outcomes: ['S', 'S', 'S'], state: 'closed' },
  ] as const)(
    'CB-26: is $state after the probes $outcomes where no rate decides',
    async ({ outcomes, state }) => {
      const options = { failureRateThreshold: false, permittedNumberOfCallsInHalfOpenState: 3 } as const;
      const breaker = breakerOf(options).calls(FIVE_FAILURES);
      await breaker.clock.advanceTo(1_000);

      breaker.calls(outcomes);

      expect(breaker.gate.state).toBe(state);
    },
  );

  it('CB-29: takes the permit of a probe that hangs back', async () => {
    const breaker = breakerOf({ waitDurationInOpenState: '1s', maxWaitDurationInHalfOpenState: '5s' });
    breaker.calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(1_000);
    const hanging = breaker.run();
    await breaker.clock.advanceTo(5_999);
    breaker.rejected();

    await breaker.clock.advanceTo(6_000);
    const second = breaker.run();
    hanging.fail();
    const afterTheLateOne = breaker.gate.state;
    second.succeed();

    expect([afterTheLateOne, breaker.gate.state]).toEqual(['half-open', 'closed']);
    expect(breaker.clock.allTimers).toBe(0);
  });

  it('takes the permit back at its time, though nobody came by to see it', async () => {
    const breaker = breakerOf({ maxWaitDurationInHalfOpenState: '5s' }).calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(1_000);
    const hanging = breaker.run();

    await breaker.clock.advanceTo(6_000);
    hanging.succeed();

    expect(breaker.gate.state).toBe('half-open');
    expect(breaker.gate.counters.success).toBe(0);
  });

  it('CB-30: records nothing of a probe that its caller aborted', async () => {
    const breaker = breakerOf().calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(1_000);

    breaker.run().cancel();

    expect(breaker.gate.snapshot()).toMatchObject({ state: 'half-open', recordedCalls: 0 });
    expect(breaker.start()).toBeInstanceOf(Running);
  });

  it('opens again for probes that succeed too slowly', async () => {
    const breaker = breakerOf({ slowCallDurationThreshold: '1s' }).calls(FIVE_FAILURES);
    await breaker.clock.advanceTo(1_000);

    const probe = breaker.run();
    await breaker.clock.advance(1_001);
    probe.succeed();

    expect(breaker.gate.snapshot()).toMatchObject({ state: 'open', slowCallRate: 1, consecutiveOpens: 2 });
  });
});

describe('a late outcome', () => {
  it.each(['succeed', 'fail'] as const)(
    'CB-31, CB-32: changes nothing when it is of a time before the opening (%s)',
    async (end) => {
      const breaker = breakerOf({ waitDurationInOpenState: '30s' });
      const slow = breaker.run();
      await breaker.clock.advanceTo(10);
      breaker.calls(FIVE_FAILURES);
      await breaker.clock.advanceTo(end === 'succeed' ? 20 : 29_000);

      slow[end]();
      const counted = breaker.gate.snapshot();
      await breaker.clock.advanceTo(30_009);
      breaker.rejected();
      await breaker.clock.advanceTo(30_010);

      expect(counted).toMatchObject({ state: 'open', recordedCalls: 5, failures: 5 });
      expect(breaker.start()).toBeInstanceOf(Running);
    },
  );

  it('changes nothing when the breaker was reset since', () => {
    const breaker = breakerOf();
    const running = times(5, undefined).map(() => breaker.run());

    breaker.gate.reset();
    for (const each of running) each.fail();

    expect(breaker.gate.snapshot()).toMatchObject({
      state: 'closed',
      recordedCalls: 0,
      consecutiveFailures: 0,
    });
  });
});
