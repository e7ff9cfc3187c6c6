import { describe, expect, it } from '@jest/globals';
import { type RetryGaveUpContext, retryInfo } from '../../../../lib/policies/retry/index.js';
import { FAILS, RetryWorld, caseOptions, httpError, outcomes } from '../../../support/retry-world.js';

const FIXED = (initialDelay: number) => ({ type: 'fixed', initialDelay }) as const;

describe('RetryRule, attempts and outcomes', () => {
  it('RT-01: gives the last error itself', async () => {
    const world = new RetryWorld();
    const errors = Array.from({ length: 6 }, () => httpError());

    const outcome = await world.call(
      world.rule(caseOptions({ maxAttempts: 6, backoff: FIXED(0) })),
      outcomes(...errors),
    );

    expect(outcome.error).toBe(errors[5]);
    expect(Object.keys(errors[5] ?? {})).toEqual(['status']);
  });

  it('RT-04: begins the delays of every call anew', async () => {
    const world = new RetryWorld();
    const rule = world.rule(caseOptions());

    const first = await world.call(rule, outcomes(503, 503, 'ok'));
    await world.clock.advanceTo(1000);
    const second = await world.call(rule, outcomes(503, 'ok'));

    expect(first.runsAt).toEqual([0, 100, 300]);
    expect(second.runsAt).toEqual([1000, 1100]);
  });

  it('RT-06: retries a value that counts as a failure, and returns the last one', async () => {
    const world = new RetryWorld();
    const gaveUp: RetryGaveUpContext[] = [];
    const rule = world.rule(
      caseOptions({
        maxAttempts: 13,
        backoff: FIXED(0),
        retryOnResult: (value) => value === 0,
        onGiveUp: (context) => gaveUp.push(context),
      }),
    );

    const outcome = await world.call(rule, () => 0);

    expect(outcome).toMatchObject({ value: 0, runsAt: { length: 13 } });
    expect(world.events.of('retry.scheduled')).toHaveLength(12);
    expect(gaveUp).toMatchObject([{ attempts: 13, reason: 'exhausted', error: undefined, value: 0 }]);
  });

  it('takes a value for good where the predicate throws, and reports it', async () => {
    const world = new RetryWorld();
    const rule = world.rule(
      caseOptions({
        retryOnResult: () => {
          throw new Error('predicate');
        },
      }),
    );

    const outcome = await world.call(rule, () => 'bad');

    expect(outcome).toMatchObject({ value: 'bad', runsAt: [0] });
    expect(world.reports).toMatchObject([{ message: 'predicate' }]);
  });

  it('RT-08: keeps concurrent calls of a method apart', async () => {
    const world = new RetryWorld();
    const attempts: number[] = [];
    const rule = world.rule(
      caseOptions({ maxAttempts: 5, backoff: FIXED(10), onRetry: ({ attempt }) => attempts.push(attempt) }),
    );

    const failing = world.start(rule, FAILS);
    const succeeding = world.start(rule, outcomes('ok'));
    await world.clock.runAll();

    expect(retryInfo(failing.error)).toMatchObject({ attempts: 5 });
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(succeeding).toMatchObject({ value: 'ok', runsAt: [0] });
  });

  it('RT-10: lets a thousand calls fail by themselves while every hook throws', async () => {
    const world = new RetryWorld();
    const fail = (): never => {
      throw new Error('hook');
    };
    const rule = world.rule(
      caseOptions({ backoff: FIXED(10), onRetry: fail, onGiveUp: fail, onRecovered: fail }),
    );

    const calls = Array.from({ length: 1000 }, () => world.start(rule, FAILS));
    await world.clock.runAll();

    expect(new Set(calls.map(({ error }) => error)).size).toBe(1000);
    expect(calls.flatMap(({ runsAt }) => runsAt)).toHaveLength(3000);
    expect(world.reports).toHaveLength(3000);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('RT-25: replaces a bad answer of a backoff function by the exponential delay, and reports it', async () => {
    const world = new RetryWorld();
    const answers = [
      () => -1,
      () => {
        throw new Error('backoff');
      },
    ];
    const type = ({ attempt }: { attempt: number }): number => answers[attempt - 1]?.() ?? 0;

    const outcome = await world.call(
      world.rule(caseOptions({ backoff: { type } })),
      outcomes(503, 503, 'ok'),
    );

    expect(outcome.runsAt).toEqual([0, 100, 300]);
    expect(world.reports).toMatchObject([{ name: 'TypeError' }, { message: 'backoff' }]);
  });

  it('does not ask a backoff function after the last attempt', async () => {
    const world = new RetryWorld();
    const asked: unknown[] = [];
    const type = (context: { attempt: number; previousDelayMs: number | undefined }): number => {
      asked.push([context.attempt, context.previousDelayMs]);
      return 40;
    };

    await world.call(world.rule(caseOptions({ backoff: { type } })), FAILS);

    expect(asked).toEqual([
      [1, undefined],
      [2, 40],
    ]);
  });

  it('CP-05: waits as long as an error of this package asks, where retryOn names it', async () => {
    const world = new RetryWorld();
    const open = Object.assign(new Error('open'), {
      code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN',
      retryAfterMs: 800,
    });

    const outcome = await world.call(
      world.rule(caseOptions({ backoff: FIXED(100), retryOn: () => true })),
      outcomes(open, 'ok'),
    );

    expect(outcome.runsAt).toEqual([0, 800]);
  });
});

describe('RetryRule, limits of time', () => {
  it('RT-39: counts the time that executions take', async () => {
    const world = new RetryWorld();
    const slow = () => new Promise((_resolve, reject) => world.clock.schedule(60, () => reject(httpError())));

    const outcome = await world.call(world.rule(caseOptions({ maxDuration: 100, backoff: FIXED(0) })), slow);

    expect(outcome).toMatchObject({ runsAt: [0, 60], endedMs: 120 });
    expect(retryInfo(outcome.error)).toEqual({ attempts: 2, reason: 'deadline', elapsedMs: 120 });
  });

  it.each([
    [40, 1, 'deadline'],
    [120, 1, 'deadline'],
    [160, 2, 'deadline'],
    [320, 3, 'deadline'],
    [10_000, 4, 'exhausted'],
  ])('RT-40: with maxDuration %d makes %d executions and ends with %s', async (maxDuration, runs, reason) => {
    const world = new RetryWorld();
    const slow = () => new Promise((_resolve, reject) => world.clock.schedule(50, () => reject(httpError())));

    const outcome = await world.call(
      world.rule(caseOptions({ maxAttempts: 4, maxDuration, backoff: FIXED(100) })),
      slow,
    );

    expect(outcome.runsAt).toHaveLength(runs);
    expect(retryInfo(outcome.error)).toMatchObject({ reason });
  });

  it('RT-41: knows the record of an error that it let through', async () => {
    const world = new RetryWorld();

    const outcome = await world.call(world.rule(caseOptions()), FAILS);

    expect(retryInfo(outcome.error)).toEqual({ attempts: 3, reason: 'exhausted', elapsedMs: 300 });
    expect([undefined, null, 'x', 7, new Error('x')].map((each) => retryInfo(each))).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });

  it('BS-19: does not begin a delay that would reach the deadline of the call', async () => {
    const world = new RetryWorld();
    const rule = world.rule(caseOptions({ maxAttempts: 10, backoff: FIXED(400) }));

    const outcome = await world.call(rule, FAILS, world.scope({ deadlineMs: 1200 }));

    expect(outcome).toMatchObject({ runsAt: [0, 400, 800], endedMs: 800 });
    expect(retryInfo(outcome.error)).toMatchObject({ reason: 'deadline' });
  });

  it('gives up once where the total time limit ends a running execution', () => {
    const world = new RetryWorld();
    const scope = world.scope();
    const run = world.rule(caseOptions()).begin(scope);
    const timeout = new Error('too long');

    scope.cancellation.cancel(timeout, 'limit');
    run.cancelled('deadline');
    const late = [run.decideError(httpError(), scope), run.decideValue('late', scope)];

    expect(late).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    expect(world.events.kinds).toEqual(['retry.gave-up']);
    expect(retryInfo(timeout)).toEqual({ attempts: 1, reason: 'deadline', elapsedMs: 0 });
  });

  it('gives up with deadline where the time limit has cancelled the call before the failure arrives', () => {
    const world = new RetryWorld();
    const scope = world.scope();
    const run = world.rule(caseOptions()).begin(scope);

    scope.cancellation.cancel(new Error('too long'), 'limit');
    run.decideError(httpError(), scope);

    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'deadline' }]);
  });
});

describe('RetryRule, what is retried', () => {
  class E0 extends Error {}
  class E1 extends E0 {}
  class E2 extends E1 {}

  it.each([
    [new E0(), 2],
    [new E1(), 1],
    [new E2(), 1],
    [new Error('plain'), 1],
  ])('RT-48: lets abortOn win over retryOn by class or ancestor', async (error, runs) => {
    const world = new RetryWorld();
    const options = caseOptions({ maxAttempts: 2, retryOn: [E0, E2], abortOn: [E1] });

    const outcome = await world.call(world.rule(options), outcomes(error));

    expect(outcome.runsAt).toHaveLength(runs);
  });

  it('RT-49: takes a retryOn that throws for no', async () => {
    const world = new RetryWorld();
    const error = httpError();
    const retryOn = (): never => {
      throw new Error('predicate');
    };

    const outcome = await world.call(world.rule(caseOptions({ retryOn })), outcomes(error));

    expect(outcome).toMatchObject({ error, runsAt: [0] });
    expect(retryInfo(error)).toMatchObject({ reason: 'not-retryable' });
  });

  it('RT-50: never retries the abort of the call, whatever retryOn says', async () => {
    const world = new RetryWorld();
    const scope = world.scope();
    const aborted = new DOMException('stop', 'AbortError');

    const outcome = await world.call(
      world.rule(caseOptions({ retryOn: [Error] })),
      () => {
        scope.cancellation.cancel(aborted, 'caller');
        throw aborted;
      },
      scope,
    );

    expect(outcome.runsAt).toHaveLength(1);
    expect(retryInfo(outcome.error)).toMatchObject({ reason: 'aborted' });
  });
});

describe('RetryRule, abort and shutdown', () => {
  it('RT-54: ends a delay with the reason of the abort', async () => {
    const world = new RetryWorld();
    const scope = world.scope();
    const reason = new Error('changed my mind');

    const outcome = world.start(world.rule(caseOptions({ backoff: FIXED(2000) })), FAILS, scope);
    await world.clock.advanceTo(500);
    scope.cancellation.cancel(reason, 'caller');
    await world.clock.settle();

    expect(outcome).toMatchObject({ error: reason, endedMs: 500, runsAt: [0] });
    expect(retryInfo(reason)).toEqual({ attempts: 1, reason: 'aborted', elapsedMs: 500 });
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('RT-55: returns the value of an execution that the abort came too late for', async () => {
    const world = new RetryWorld();
    const scope = world.scope();
    const abortThenSucceed = (): string => {
      scope.cancellation.cancel(new Error('stop'), 'caller');
      return 'ok';
    };

    const outcome = await world.call(world.rule(caseOptions()), abortThenSucceed, scope);

    expect(outcome).toMatchObject({ value: 'ok', runsAt: [0] });
    expect(world.events.kinds).toEqual([]);
  });

  it('RT-56: ends a delay with the error of the method when the application closes', async () => {
    const world = new RetryWorld();
    const error = httpError();

    const outcome = world.start(world.rule(caseOptions({ backoff: FIXED(2000) })), outcomes(error));
    await world.clock.advanceTo(500);
    world.lifetime.close();
    await world.clock.settle();

    expect(outcome).toMatchObject({ error, endedMs: 500, runsAt: [0] });
    expect(retryInfo(error)).toMatchObject({ reason: 'shutdown' });
  });

  it('starts no retry once the application is closing', async () => {
    const world = new RetryWorld();
    world.lifetime.close();

    const outcome = await world.call(world.rule(caseOptions()), FAILS);

    expect(retryInfo(outcome.error)).toMatchObject({ attempts: 1, reason: 'shutdown' });
  });
});

describe('RetryRule, hooks and record', () => {
  it('RT-57: tells of retries and of the recovery in order', async () => {
    const world = new RetryWorld();

    await world.call(world.rule(caseOptions()), outcomes(503, 503, 'ok'));

    expect(world.events.all).toMatchObject([
      { kind: 'retry.scheduled', attempt: 1, delayMs: 100, operation: 'Orders.place', policy: 'retry' },
      { kind: 'retry.scheduled', attempt: 2, delayMs: 200 },
      { kind: 'retry.recovered', attempts: 3, elapsedMs: 300 },
    ]);
    expect(world.events.all).toHaveLength(3);
  });

  it('RT-58: is not changed by a hook that rejects', async () => {
    const world = new RetryWorld();
    const rule = world.rule(caseOptions({ onRetry: () => Promise.reject(new Error('hook')) }));

    const outcome = await world.call(rule, outcomes(503, 'ok'));

    expect(outcome).toMatchObject({ value: 'ok', runsAt: [0, 100] });
    expect(world.reports).toMatchObject([{ message: 'hook' }]);
  });

  it.each([
    [404, 'not-retryable', 1],
    [503, 'exhausted', 3],
  ])('RT-59: tells once that it gave up on %d', async (status, reason, attempts) => {
    const world = new RetryWorld();
    const told: RetryGaveUpContext[] = [];
    const rule = world.rule(caseOptions({ onGiveUp: (context) => told.push(context) }));

    const outcome = await world.call(rule, outcomes(status));

    expect(told).toMatchObject([{ operation: 'Orders.place', reason, attempts }]);
    expect(told[0]?.error).toBe(outcome.error);
  });

  it('CP-25: gives up on a stream that fails after its first value', () => {
    const world = new RetryWorld();
    const scope = world.scope();
    const run = world.rule(caseOptions()).begin(scope);
    const error = httpError();

    run.decideValue(1, scope);
    const decision = run.decideLateError(error, scope);

    expect(decision).toEqual({ kind: 'done' });
    expect(retryInfo(error)).toMatchObject({ attempts: 1, reason: 'not-retryable' });
  });
});
