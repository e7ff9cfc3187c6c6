import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Clock } from '../../lib/core/clock.js';
import { outcomeOf, type Outcome, TimeWindow } from '../../lib/policies/circuit-breaker/sliding-window.js';
import { BreakerDriver, F, F404, Running } from '../unit/policies/circuit-breaker/breaker-driver.js';
import { type Ending, type ModelCall, type ModelOptions, NaiveBreaker } from './circuit-breaker.model.js';

/** Time that a law moves without waiting for promises: rules have none. */
class StepClock implements Clock {
  atMs = 0;
  nowMs = (): number => this.atMs;
  coarseMs = (): number => this.atMs;
  wallMs = (): number => this.atMs;
  random = (): number => 0.5;
  schedule(): never {
    throw new Error('a breaker keeps no timer');
  }
  soon = (task: () => void): void => task();
}

const BUCKET_MS = 100;

const options: fc.Arbitrary<ModelOptions> = fc.record({
  failureThreshold: fc.constantFrom<(number | false)[]>(false, 1, 2, 3, 4),
  failureRateThreshold: fc.constantFrom<(number | false)[]>(false, 0.25, 0.5, 1),
  window: fc.oneof(
    fc.record({ type: fc.constant('count' as const), size: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ type: fc.constant('time' as const), size: fc.constant(10 * BUCKET_MS) }),
  ),
  minimumNumberOfCalls: fc.integer({ min: 1, max: 7 }),
  slowMs: fc.constantFrom(undefined, 100, 250),
  slowRate: fc.constantFrom(0.5, 1),
  waitMs: fc.constantFrom(100, 300),
  maxWaitMs: fc.constantFrom(300, 1_000),
  permitted: fc.integer({ min: 1, max: 3 }),
  maxProbeMs: fc.constantFrom(200, 500),
  mode: fc.constantFrom('on', 'on', 'on', 'shadow'),
});

type Step =
  | { readonly do: 'start' }
  | { readonly do: 'end'; readonly which: number; readonly how: Ending }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'hand'; readonly to: 'forced-open' | 'disabled' | 'closed' };

const endings = fc.constantFrom<Ending>('failure', 'failure', 'failure', 'success', 'ignored', 'cancelled');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant({ do: 'start' as const }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(9), how: endings }) },
    {
      weight: 4,
      arbitrary: fc.nat(12).map((buckets) => ({ do: 'wait' as const, ms: buckets * BUCKET_MS })),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('hand' as const),
        to: fc.constantFrom(
          'forced-open' as const,
          'disabled' as const,
          'closed' as const,
          'closed' as const,
        ),
      }),
    },
  ),
  { maxLength: 120, size: 'max' },
);

function driverOf(given: ModelOptions): BreakerDriver<StepClock> {
  const { window } = given;
  return new BreakerDriver(
    {
      failureThreshold: given.failureThreshold,
      failureRateThreshold: given.failureRateThreshold,
      slidingWindow:
        window.type === 'time' ? { type: 'time', size: window.size } : { type: 'count', size: window.size },
      minimumNumberOfCalls: given.minimumNumberOfCalls,
      ...(given.slowMs !== undefined && { slowCallDurationThreshold: given.slowMs }),
      slowCallRateThreshold: given.slowRate,
      waitDurationInOpenState: {
        initialDelay: Math.min(given.waitMs, given.maxWaitMs),
        multiplier: 2,
        maxDelay: given.maxWaitMs,
      },
      permittedNumberOfCallsInHalfOpenState: given.permitted,
      maxWaitDurationInHalfOpenState: given.maxProbeMs,
      mode: given.mode,
    },
    new StepClock(),
  );
}

/** A breaker and its model, told the same; keeps the calls that run in both. */
class Pair {
  readonly driver: BreakerDriver<StepClock>;
  readonly model: NaiveBreaker;
  private running: (readonly [Running, ModelCall])[] = [];

  constructor(given: ModelOptions) {
    this.driver = driverOf(given);
    this.model = new NaiveBreaker(given);
  }

  take(step: Step): void {
    const { clock, gate } = this.driver;
    if (step.do === 'start') this.start();
    else if (step.do === 'end') this.end(step.which, step.how);
    else if (step.do === 'wait') clock.atMs += step.ms;
    else {
      this.model.byHand(step.to);
      if (step.to === 'closed') gate.reset();
      else if (step.to === 'disabled') gate.disable();
      else gate.forceOpen();
    }
  }

  private start(): void {
    const real = this.driver.start();
    const nowMs = this.driver.clock.atMs;
    const expected = this.model.start(nowMs);
    if (expected === 'rejected') {
      expect(real).not.toBeInstanceOf(Running);
      expect(real).toMatchObject({ code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN' });
      expect((real as { retryAfterMs?: number }).retryAfterMs).toBe(this.model.retryAfterMs(nowMs));
      return;
    }
    expect(real).toBeInstanceOf(Running);
    if (real instanceof Running) this.running.push([real, expected]);
  }

  private end(which: number, how: Ending): void {
    const pair = this.running[which % this.running.length];
    if (pair === undefined) return;
    const [real, call] = pair;
    this.running = this.running.filter((each) => each !== pair);
    this.model.end(call, how, this.driver.clock.atMs);
    if (how === 'success') real.succeed();
    else if (how === 'cancelled') real.cancel();
    else real.fail(how === 'failure' ? F : F404);
  }

  expectAgreement(): void {
    const { model, driver } = this;
    const held = model.heldAt(driver.clock.atMs);
    const snapshot = driver.gate.snapshot();
    expect({
      state: snapshot.state,
      recordedCalls: snapshot.recordedCalls,
      failures: snapshot.failures,
      slowCalls: snapshot.slowCalls,
      consecutiveFailures: snapshot.consecutiveFailures,
      consecutiveOpens: snapshot.consecutiveOpens,
    }).toEqual({
      state: model.state,
      recordedCalls: held.length,
      failures: held.filter(({ isFailure }) => isFailure).length,
      slowCalls: held.filter(({ isSlow }) => isSlow).length,
      consecutiveFailures: model.row,
      consecutiveOpens: model.opens,
    });
  }
}

describe('a circuit breaker', () => {
  it('does what a plain list of outcomes says, late ones, aborts, hands and leaps of time included', () => {
    fc.assert(
      fc.property(options, steps, (given, script) => {
        const pair = new Pair(given);
        for (const step of script) {
          pair.take(step);
          pair.expectAgreement();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lets nobody through while it is open, and no more than permitted while it probes', () => {
    fc.assert(
      fc.property(options, steps, (given, script) => {
        const driver = driverOf({ ...given, mode: 'on', maxProbeMs: 1e9 });
        let probes = 0;
        driver.events.listen((event) => {
          if (event.kind === 'circuit-breaker.state-changed') probes = 0;
        });
        for (const step of script) {
          if (step.do === 'wait') driver.clock.atMs += step.ms;
          if (step.do !== 'start') continue;
          const started = driver.start();
          const { state } = driver.gate;
          expect(state === 'open' && started instanceof Running).toBe(false);
          if (state === 'half-open' && started instanceof Running) probes += 1;
          expect(probes).toBeLessThanOrEqual(given.permitted);
          if (state === 'closed' && started instanceof Running) started.fail();
        }
      }),
    );
  });

  it('has all its probes again once every call it let through has come back without an outcome', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 5 }), endings, (given, rounds, how) => {
        fc.pre(how === 'ignored' || how === 'cancelled');
        const driver = driverOf({ ...given, mode: 'on', failureThreshold: 1, failureRateThreshold: false });
        driver.run().fail();
        driver.clock.atMs += given.maxWaitMs;

        for (let round = 0; round < rounds; round += 1) {
          const probes = Array.from({ length: given.permitted }, () => driver.run());
          driver.rejected();
          for (const probe of probes) {
            if (how === 'ignored') probe.fail(F404);
            else probe.cancel();
          }
        }

        expect(driver.gate.snapshot()).toMatchObject({ state: 'half-open', recordedCalls: 0 });
      }),
    );
  });
});

describe('a time window', () => {
  const sizes = fc.constantFrom(1, 7, 1_000, 10_000, 86_400_000);
  const script = fc.array(
    fc.record({ step: fc.double({ min: 0, max: 1.5, noNaN: true }), bits: fc.nat(3) }),
    {
      maxLength: 60,
      size: 'max',
    },
  );

  it('holds what is younger than nine tenths of it, nothing as old as it, and counts each once', () => {
    fc.assert(
      fc.property(sizes, fc.nat(1e9), script, (sizeMs, beganMs, records) => {
        const clock = new StepClock();
        clock.atMs = beganMs;
        const window = new TimeWindow(sizeMs, clock.atMs);
        const list: { atMs: number; outcome: Outcome }[] = [];
        for (const { step, bits } of records) {
          clock.atMs += Math.round(step ** 3 * sizeMs * 8) / 8;
          const outcome = outcomeOf(bits % 2 === 1, bits >= 2);
          window.record(outcome, clock);
          list.push({ atMs: clock.atMs, outcome });
          const younger = list.filter(({ atMs }) => clock.atMs - atMs < sizeMs * 0.9 - 1e-6);
          const older = list.filter(({ atMs }) => clock.atMs - atMs >= sizeMs);

          expect(window.tallyAt(clock.atMs)).toEqual(tallyOf(list.slice(-window.recorded)));
          expect(window.recorded).toBeGreaterThanOrEqual(younger.length);
          expect(window.recorded).toBeLessThanOrEqual(list.length - older.length);
          expect(window).toMatchObject(tallyOf(list.slice(-window.recorded)));
        }
      }),
    );
  });
});

function tallyOf(list: readonly { outcome: Outcome }[]): {
  recorded: number;
  failures: number;
  slow: number;
} {
  return {
    recorded: list.length,
    failures: list.filter(({ outcome }) => outcome === 1 || outcome === 3).length,
    slow: list.filter(({ outcome }) => outcome >= 2).length,
  };
}
