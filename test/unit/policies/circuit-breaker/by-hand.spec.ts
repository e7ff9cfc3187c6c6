import { describe, expect, it } from '@jest/globals';
import { Refusal } from '../../../../lib/core/rule.js';
import {
  CircuitBreakerOpenError,
  resolveCircuitBreakerOptions,
} from '../../../../lib/policies/circuit-breaker/index.js';
import { type BreakerDriver, breakerOf, callOf, countRule, F, Running, times } from './breaker-driver.js';

describe('a circuit breaker set by hand', () => {
  it('CB-33: stays forced open, without a time to retry, until it is reset', async () => {
    const breaker = breakerOf();

    breaker.gate.forceOpen();
    await breaker.clock.advance(3_600_000);
    const error = breaker.rejected();
    breaker.gate.reset();

    expect(error).not.toHaveProperty('retryAfterMs');
    expect(breaker.start()).toBeInstanceOf(Running);
  });

  it('CB-34: lets everything through and counts nothing while it is disabled', () => {
    const breaker = breakerOf();

    breaker.gate.disable();
    breaker.calls(times(100, 'F'));
    const disabled = breaker.gate.snapshot();
    breaker.gate.reset();
    breaker.calls(times(6, 'F'));

    expect(disabled).toMatchObject({ state: 'disabled', recordedCalls: 0 });
    expect(breaker.executions).toBe(105);
    expect(breaker.gate.state).toBe('open');
  });

  it('CB-35: forgets everything with a reset', () => {
    const breaker = breakerOf().calls(['S', 'F']);

    breaker.gate.reset();

    expect(breaker.gate.snapshot()).toEqual({
      name: 'db',
      state: 'closed',
      mode: 'on',
      failureRate: 0,
      slowCallRate: 0,
      recordedCalls: 0,
      failures: 0,
      slowCalls: 0,
      consecutiveFailures: 0,
      consecutiveOpens: 0,
    });
  });

  it('publishes nothing for a state it is in already, and names itself as the operation', () => {
    const breaker = breakerOf();

    for (const act of ['reset', 'forceOpen', 'forceOpen', 'disable', 'disable', 'reset', 'reset'] as const) {
      breaker.gate[act]();
    }

    expect(breaker.changes).toEqual(['closed>forced-open', 'forced-open>disabled', 'disabled>closed']);
    expect(breaker.recorder.all.map(({ operation }) => operation)).toEqual(['db', 'db', 'db']);
  });
});

describe('a circuit breaker in shadow mode', () => {
  it('CB-36: reports that it would open and rejects nothing', () => {
    const breaker = breakerOf({ mode: 'shadow' });

    breaker.calls(times(20, 'F'));

    expect(breaker.executions).toBe(20);
    expect(breaker.recorder.kinds).toEqual(['circuit-breaker.state-changed']);
    expect(breaker.gate.counters).toMatchObject({ rejected: 0, spared: 15, failure: 5 });
  });

  it('goes through all states, and hears only the calls that it would have let through', async () => {
    const breaker = breakerOf({ mode: 'shadow' }).calls(times(5, 'F'));
    await breaker.clock.advanceTo(1_000);

    const [probe, bystander] = [breaker.run(), breaker.run()];
    bystander.fail();
    const between = breaker.gate.state;
    probe.succeed();

    expect([between, breaker.gate.state]).toEqual(['half-open', 'closed']);
  });

  it('rejects nothing when it is forced open, either', () => {
    const breaker = breakerOf({ mode: 'shadow' });

    breaker.gate.forceOpen();

    expect(breaker.start()).toBeInstanceOf(Running);
  });
});

describe('a circuit breaker whose options are replaced', () => {
  it('stays open and keeps the wait it began with', async () => {
    const breaker = breakerOf({ waitDurationInOpenState: '30s' }).calls(times(5, 'F'));

    reconfigure(breaker, { waitDurationInOpenState: '1s' });
    await breaker.clock.advanceTo(1_000);

    expect(breaker.rejected().retryAfterMs).toBe(29_000);
  });

  it('keeps what its window holds where the window keeps its shape', () => {
    const breaker = breakerOf(countRule(4, 1)).calls(['S', 'F']);

    reconfigure(breaker, { ...countRule(4, 0.5), minimumNumberOfCalls: 3 });
    breaker.calls(['F']);

    expect(breaker.gate.state).toBe('open');
  });

  it.each([
    { type: 'count', size: 5 },
    { type: 'time', size: '4s' },
  ] as const)('begins a window of another shape empty, but not the row of failures: %j', (slidingWindow) => {
    const breaker = breakerOf({ slidingWindow: { type: 'count', size: 40 } }).calls(times(4, 'F'));

    reconfigure(breaker, { slidingWindow });
    const held = breaker.gate.snapshot().recordedCalls;
    breaker.calls(['F']);

    expect(held).toBe(0);
    expect(breaker.gate.state).toBe('open');
  });

  it('begins the probing again where another number of probes is asked for', async () => {
    const breaker = breakerOf({ permittedNumberOfCallsInHalfOpenState: 3 }).calls(times(5, 'F'));
    await breaker.clock.advanceTo(1_000);
    breaker.calls(['F']);
    const late = breaker.run();

    reconfigure(breaker, { permittedNumberOfCallsInHalfOpenState: 1 });
    late.fail();
    const before = breaker.gate.state;
    breaker.calls(['S']);

    expect([before, breaker.gate.state]).toEqual(['half-open', 'closed']);
  });
});

describe('what a circuit breaker tells', () => {
  it('tells of an opening with its rate and its wait, and of each rejection', () => {
    const breaker = breakerOf({ failureThreshold: 2 }).calls(['S', 'F', 'F']);

    breaker.rejected();

    const base = { operation: 'Test.method', policy: 'db', timestampMs: breaker.clock.wallMs() };
    expect(breaker.recorder.all).toEqual([
      {
        ...base,
        kind: 'circuit-breaker.state-changed',
        from: 'closed',
        to: 'open',
        failureRate: 2 / 3,
        waitMs: 1_000,
        keyed: false,
      },
      { ...base, kind: 'circuit-breaker.rejected', retryAfterMs: 1_000 },
    ]);
  });

  it('rejects with an error that says who, what and how long, and has no stack', () => {
    const breaker = breakerOf().calls(times(5, 'F'));

    const error = breaker.rejected();

    expect(error).toBeInstanceOf(CircuitBreakerOpenError);
    expect(error).toMatchObject({
      code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN',
      operation: 'Test.method',
      policy: 'db',
      message: 'Test.method: circuit breaker "db" lets no call through; the next probe may run in 1000 ms',
    });
    expect(error.stack).not.toContain('\n');
  });

  it('shows when it opened by the wall clock', async () => {
    const breaker = breakerOf();
    await breaker.clock.advanceTo(500);
    const openedAtMs = breaker.clock.wallMs();
    breaker.calls(times(5, 'F'));

    await breaker.clock.advanceTo(700);

    expect(breaker.gate.snapshot()).toMatchObject({ openedAtMs, retryAfterMs: 800, consecutiveFailures: 5 });
  });

  it('lets an outcome be ignored whose predicate throws, and reports it', () => {
    const thrower = (): boolean => {
      throw new Error('bug');
    };
    const breaker = breakerOf({ recordOn: thrower, recordResult: thrower });

    breaker.calls(['F', 'S']);

    expect(breaker.gate.counters).toMatchObject({ ignored: 2, success: 0, failure: 0 });
    expect(breaker.reports).toHaveLength(2);
  });

  it('survives a predicate that closes it by hand', () => {
    const breaker = breakerOf({
      failureThreshold: 1,
      recordOn: () => {
        breaker.gate.reset();
        return true;
      },
    });

    breaker.run().fail(F);

    expect(breaker.gate.snapshot()).toMatchObject({ state: 'closed', recordedCalls: 0 });
  });

  it('asks no user code and allocates no permit for a closed breaker that has no slow-call rule', () => {
    const breaker = breakerOf();

    const admission = breaker.gate.admit(callOf());

    expect(typeof admission).toBe('number');
    expect(admission).not.toBeInstanceOf(Refusal);
  });
});

function reconfigure(
  breaker: BreakerDriver,
  options: Parameters<typeof resolveCircuitBreakerOptions>[1],
): void {
  breaker.gate.reconfigure(resolveCircuitBreakerOptions('Test.method', options));
}
