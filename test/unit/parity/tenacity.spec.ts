import { describe, expect, it } from '@jest/globals';
import { type RetryOptions, retryInfo, RetrySignal } from '../../../lib/policies/retry/index.js';
import { type Execution, executions, hang, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';
import { ALWAYS, AT_ONCE, fixed, play, Refused, Unavailable } from './play.js';

/** Named by the rows of spec/parity.md; those that need an application stand in test/integration/parity. */
describe('tenacity: stop', () => {
  it('injectable sleep, event-driven sleep', async () => {
    const world = new PipelineWorld();
    const caller = new AbortController();
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: fixed(20_000), maxDuration: '1h' }) });

    const started = world.start(pipeline, executions(503), { signal: caller.signal });
    await world.clock.advance(20_000);
    caller.abort();
    await world.clock.settle();

    expect(started).toMatchObject({ runsAt: [0, 20_000], endedMs: 20_000 });
  });

  it('stop_never', async () => {
    const endless = { maxAttempts: Number.POSITIVE_INFINITY, backoff: fixed(100) };

    const withDuration = await play({ ...endless, maxDuration: '1s' }, ALWAYS);
    const world = new PipelineWorld();
    const timeLimiter = { totalTimeout: '1s' } as const;
    const limited = world.pipeline({ retry: caseOptions(endless), timeLimiter });
    const withDeadline = await world.call(limited, executions(503));

    expect(withDuration.runs).toBe(10);
    expect(withDeadline.runsAt).toHaveLength(10);
  });

  it('stop_after_attempt(n)', async () => {
    const { runs, error } = await play({ maxAttempts: 4, backoff: AT_ONCE }, ALWAYS);

    expect(runs).toBe(4);
    expect(error).toBe(ALWAYS);
    expect(() => new PipelineWorld().pipeline({ retry: { maxAttempts: 0 } })).toThrow('at least 1');
  });

  it('stop_before_delay(s)', async () => {
    const { runsAt } = await play({ maxAttempts: 9, maxDuration: 300, backoff: fixed(100) }, ALWAYS);

    expect(runsAt).toEqual([0, 100, 200]);
  });

  it('stop_when_event_set', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions({ maxAttempts: 9, backoff: fixed(100) }) });

    const started = world.start(pipeline, executions(ALWAYS));
    await world.clock.advance(250);
    world.policies.close();
    await world.clock.settle();

    expect(started).toMatchObject({ runsAt: [0, 100, 200], error: ALWAYS, endedMs: 250 });
  });

  it('stop_any, stop_all, |, & and custom stop', async () => {
    const any = await play({ maxAttempts: 3, maxDuration: '1h', backoff: fixed(100) }, ALWAYS);
    const retryOn: RetryOptions['retryOn'] = (_error, call) => call.attempt < 3 || call.elapsedMs < 500;
    const all = await play({ maxAttempts: 99, backoff: fixed(100), retryOn }, ALWAYS);

    expect(any.runs).toBe(3);
    expect(all.runsAt).toEqual([0, 100, 200, 300, 400, 500]);
  });
});

describe('tenacity: retry', () => {
  /** How many executions there are of what always fails so. */
  async function runsOf(retry: RetryOptions, ...script: readonly (string | Error)[]): Promise<number> {
    return (await play({ backoff: AT_ONCE, ...retry }, ...script)).runs;
  }

  it('retry_if_exception_type(T)', async () => {
    const retryOn = [Unavailable, Refused];

    expect(await runsOf({ retryOn }, new Unavailable())).toBe(3);
    expect(await runsOf({ retryOn }, ALWAYS)).toBe(1);
  });

  it('retry_if_exception_type(T): the abort of the call is never retried', async () => {
    const world = new PipelineWorld();
    const caller = new AbortController();
    const execution: Execution = (_run, { signal }) => {
      caller.abort();
      throw signal.reason;
    };
    const pipeline = world.pipeline({ retry: caseOptions({ retryOn: () => true }) });

    const call = await world.call(pipeline, execution, { signal: caller.signal });

    expect(call.runsAt).toHaveLength(1);
  });

  it('retry_if_not_exception_type(T)', async () => {
    expect(await runsOf({ retryOn: () => true, abortOn: [Refused] }, ALWAYS, new Refused())).toBe(2);
  });

  it('retry_unless_exception_type(T)', async () => {
    const retry: RetryOptions = { maxAttempts: 9, retryOnResult: () => true, abortOn: [Refused] };

    expect(await runsOf(retry, 'good', 'good', new Refused())).toBe(3);
  });

  it('retry_if_exception(p)', async () => {
    const retryOn = (error: unknown): boolean => error instanceof Refused && error.message === 'later';

    expect(await runsOf({ retryOn }, new Refused('later'))).toBe(3);
    expect(await runsOf({ retryOn }, new Refused('never'))).toBe(1);
  });

  it('retry_if_exception_cause_type(T)', async () => {
    const retryOn = (error: unknown): boolean => error instanceof Error && error.cause instanceof Unavailable;
    const caused = new Error('outer', { cause: new Unavailable() });

    expect(await runsOf({ retryOn }, caused)).toBe(3);
    expect(await runsOf({ retryOn }, new Unavailable())).toBe(1);
    // By default causes are looked into.
    expect(await runsOf({}, new Error('outer', { cause: httpError(404) }))).toBe(1);
  });

  it('retry_if_exception_message(message or match) and its inverse', async () => {
    const retryOn = (error: unknown): boolean => error instanceof Error && error.message.startsWith('try');

    expect(await runsOf({ retryOn }, new Error('try again'))).toBe(3);
    expect(await runsOf({ retryOn }, new Error('do not try'))).toBe(1);
    expect(await runsOf({ retryOn: (error) => !retryOn(error) }, new Error('try again'))).toBe(1);
  });

  it('retry_if_result, retry_if_not_result', async () => {
    const { runs, value } = await play(
      { retryOnResult: (each) => each === 'busy', backoff: AT_ONCE },
      'busy',
    );

    expect([runs, value]).toEqual([3, 'busy']);
    expect(await runsOf({ retryOnResult: (each) => each !== 'busy' }, 'busy')).toBe(1);
  });

  it('retry_always, retry_never', async () => {
    expect(await runsOf({ retryOn: () => true }, new TypeError('a bug'))).toBe(3);
    expect(await runsOf({ retryOn: () => false }, ALWAYS)).toBe(1);
  });

  it('retry_any, retry_all, |, &', async () => {
    const isRefused = (error: unknown): boolean => error instanceof Refused;
    const isLate = (error: unknown): boolean => error instanceof Error && error.message === 'late';

    expect(await runsOf({ retryOn: (error) => isRefused(error) || isLate(error) }, new Error('late'))).toBe(
      3,
    );
    expect(await runsOf({ retryOn: (error) => isRefused(error) && isLate(error) }, new Error('late'))).toBe(
      1,
    );
  });

  it('raising TryAgain', async () => {
    const cause = httpError(404);
    const never: RetryOptions = { retryOn: () => false, backoff: fixed(50) };

    const again = await play(never, new RetrySignal(cause), 'there');
    const gaveUp = await play(never, new RetrySignal(cause));

    expect(again).toMatchObject({ value: 'there', runsAt: [0, 50] });
    expect(gaveUp.runs).toBe(3);
    expect(gaveUp.error).toBe(cause);
  });
});

describe('tenacity: hooks and outcome', () => {
  it('before', async () => {
    const told: number[] = [];

    await play({ backoff: AT_ONCE, onAttempt: ({ attempt }) => told.push(attempt) }, ALWAYS, 'there');

    expect(told).toEqual([1, 2]);
  });

  it('after', async () => {
    const told: unknown[] = [];
    const hooks: RetryOptions = {
      onRetry: ({ attempt, error }) => told.push([attempt, error]),
      onGiveUp: ({ attempts, error }) => told.push([attempts, error]),
    };

    await play({ ...hooks, backoff: AT_ONCE }, ALWAYS);

    expect(told).toEqual([1, 2, 3].map((attempt) => [attempt, ALWAYS]));
  });

  it('before_sleep', async () => {
    const told: unknown[] = [];

    await play(
      { backoff: fixed(5), onRetry: ({ attempt, delayMs }) => told.push([attempt, delayMs]) },
      ALWAYS,
    );

    expect(told).toEqual([
      [1, 5],
      [2, 5],
    ]);
  });

  it('(nothing): a hook on recovery', async () => {
    const told: unknown[] = [];
    const onRecovered: RetryOptions['onRecovered'] = ({ attempts, elapsedMs }) =>
      told.push([attempts, elapsedMs]);

    await play({ backoff: fixed(5), onRecovered }, ALWAYS, 'there');
    await play({ backoff: fixed(5), onRecovered }, 'there');

    expect(told).toEqual([[2, 5]]);
  });

  it('async controller: hooks are not waited for, prepareRetry is', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({
      backoff: fixed(10),
      onRetry: hang,
      onAttempt: hang,
      prepareRetry: () => world.valueAfter(5),
    });

    const call = await world.call(world.pipeline({ retry }), executions(503, 'there'));

    expect(call).toMatchObject({ value: 'there', runsAt: [0, 15] });
  });

  it('order per failed attempt', async () => {
    const order: string[] = [];
    const log = (what: string) => (): void => void order.push(what);
    const world = new PipelineWorld();
    const retry: RetryOptions = {
      budget: false,
      maxAttempts: 2,
      onAttempt: log('before'),
      retryOn: () => Boolean(order.push('predicate')),
      backoff: { type: () => order.push('wait') },
      onRetry: log('before_sleep'),
      prepareRetry: log('prepare'),
      onGiveUp: log('given up'),
    };

    await world.call(world.pipeline({ retry }), () => {
      order.push('call');
      throw ALWAYS;
    });

    const last = ['before', 'call', 'predicate', 'given up'];
    expect(order).toEqual(['before', 'call', 'predicate', 'wait', 'before_sleep', 'prepare', ...last]);
  });

  it('retry_error_callback', async () => {
    const world = new PipelineWorld();
    const handler = { value: 'in its place' };
    const retry = caseOptions({ backoff: AT_ONCE });
    const ofDependency = world.pipeline({ retry, fallback: { handler } });
    const ofAll = world.pipeline(
      { retry, fallback: { handler, filter: { applyOn: () => true } } },
      'Orders.all',
    );

    const unavailable = await world.call(ofDependency, executions(503));
    const missing = await world.call(ofDependency, executions(404));
    const all = await world.call(ofAll, executions(404));

    expect([unavailable.value, all.value]).toEqual(['in its place', 'in its place']);
    expect(missing.error).toMatchObject({ status: 404 });
  });

  it('reraise', async () => {
    const last = httpError(503);

    const { error } = await play({ backoff: fixed(10) }, ALWAYS, ALWAYS, last);
    const exhausted = await play({ retryOnResult: () => true, backoff: AT_ONCE }, 'bad', 'worse');

    expect(error).toBe(last);
    expect(retryInfo(error)).toEqual({ attempts: 3, reason: 'exhausted', elapsedMs: 20 });
    expect(exhausted.value).toBe('worse');
  });

  it('retry_error_cls', async () => {
    class Mine extends Error {}
    const world = new PipelineWorld();
    const handler = ({ error }: { readonly error: unknown }): never => {
      throw new Mine('mine', { cause: error });
    };
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: AT_ONCE }), fallback: { handler } });

    const { error } = await world.call(pipeline, executions(ALWAYS));

    expect(error).toBeInstanceOf(Mine);
    expect(error).toMatchObject({ cause: ALWAYS });
  });

  it('RetryCallState', async () => {
    const told: object[] = [];

    await play({ backoff: fixed(10), onRetry: (context) => told.push(context) }, ALWAYS, 'there');

    expect(told).toEqual([
      expect.objectContaining({
        operation: 'Orders.place',
        attempt: 1,
        delayMs: 10,
        elapsedMs: 0,
        error: ALWAYS,
      }),
    ]);
    expect(told[0]).toMatchObject({ call: { attempt: 1, operation: 'Orders.place' } });
  });

  it('statistics: of each call, also of those that run at once', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ retry: caseOptions({ backoff: fixed(10) }) });
    const first = httpError(503);
    const second = httpError(404);

    const calls = [world.start(pipeline, executions(first)), world.start(pipeline, executions(second))];
    await world.clock.runAll();

    expect(calls.map(({ error }) => retryInfo(error))).toEqual([
      { attempts: 3, reason: 'exhausted', elapsedMs: 20 },
      { attempts: 1, reason: 'not-retryable', elapsedMs: 0 },
    ]);
  });
});
