import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { isRetryable } from '../../../lib/core/index.js';
import { type RetryOptions, retryInfo } from '../../../lib/policies/retry/index.js';
import { executions, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';
import { ALWAYS, AT_ONCE, play } from './play.js';

interface Bounds {
  readonly attemptNum: number;
  readonly boundLowMs: number;
  readonly boundHighMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

interface Vectors {
  readonly policyByStatus: readonly { readonly status: number; readonly default: boolean }[];
  readonly policyByError: readonly { readonly error: string; readonly default: boolean }[];
  readonly LinearJitterBackoffBounds: readonly Bounds[];
  readonly backoffWithRetryAfter: readonly {
    readonly status: number;
    readonly retryAfter: string;
    readonly DefaultBackoff_min1s_max30s_attempt1_ms: number;
  }[];
}

const file = new URL('../../support/golden/go-retryablehttp.json', import.meta.url);
// The file has the form that its README describes.
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

const GO: RetryOptions = {
  maxAttempts: 5,
  backoff: { initialDelay: '1s', maxDelay: '30s', jitter: 'none' },
};

/** What is decided otherwise here, by the contract's table. */
const OURS: Readonly<Record<number, boolean>> = { 0: true, 408: true, 511: false, 600: false, 999: false };

const linear = ({ minMs, maxMs }: Bounds): NonNullable<RetryOptions['backoff']> => ({
  type: 'linear',
  initialDelay: (minMs + maxMs) / 2,
  jitter: (maxMs - minMs) / (maxMs + minMs),
  maxDelay: '1h',
});

/** Named by the rows of spec/parity.md; those that need a server stand in test/integration/adapters/http. */
describe('go-retryablehttp', () => {
  it('RetryMax 4, RetryWaitMin 1 s, RetryWaitMax 30 s', async () => {
    const { delays, runs } = await play({ ...GO, maxAttempts: 8 }, ALWAYS);

    expect((await play(GO, ALWAYS)).runs).toBe(5);
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(runs).toBe(8);
  });

  it('RequestLogHook, ResponseLogHook', async () => {
    const log: string[] = [];
    const world = new PipelineWorld();
    world.policies.events.listen(({ kind }) => log.push(kind));
    const retry = caseOptions({
      backoff: AT_ONCE,
      onAttempt: ({ attempt }) => log.push(`request ${attempt}`),
    });

    await world.call(world.pipeline({ retry }), executions(503, 'ok'));

    expect(log).toEqual(['request 1', 'retry.scheduled', 'request 2', 'retry.recovered']);
  });

  it('CheckRetry(ctx, resp, err)', async () => {
    const seen: unknown[] = [];
    const retryOn: RetryOptions['retryOn'] = (error, { attempt }) => Boolean(seen.push([error, attempt]));
    const retryOnResult = (value: unknown): boolean => value === 'busy';

    await play({ backoff: AT_ONCE, retryOn, retryOnResult }, ALWAYS, 'busy', 'done');

    expect(seen).toEqual([[ALWAYS, 1]]);
  });

  it.each(vectors.policyByStatus.filter(({ status }) => status >= 400))(
    'DefaultRetryPolicy: status $status',
    ({ status, default: theirs }) => {
      expect(isRetryable(httpError(status))).toBe(OURS[status] ?? theirs);
    },
  );

  it.each([
    ['plain error', new Error('plain error')],
    ['url.Error certificate is not trusted', Object.assign(new Error('tls'), { code: 'CERT_UNTRUSTED' })],
    ['url.Error EOF', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
  ])('DefaultRetryPolicy: %s', (name, error) => {
    const theirs = vectors.policyByError.find((row) => row.error === name);

    expect(isRetryable(error)).toBe(theirs?.default);
  });

  it('ErrorPropagatedRetryPolicy: the error is the method’s own, status included', async () => {
    const failure = httpError(502);

    const { error } = await play({ backoff: AT_ONCE }, failure);

    expect(error).toBe(failure);
  });

  it.each(vectors.backoffWithRetryAfter.filter(({ status }) => isRetryable(httpError(status))))(
    'DefaultBackoff: Retry-After $retryAfter on $status',
    async ({ status, retryAfter, DefaultBackoff_min1s_max30s_attempt1_ms: theirs }) => {
      const asks = httpError(status, { 'Retry-After': retryAfter });

      const { delays } = await play({ ...GO, maxAttempts: 3, maxRetryAfter: '2h' }, ALWAYS, asks);

      // A request on any retryable status, and never below the own delay.
      const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0;
      expect(delays[1]).toBe(Math.max(2000, asked));
      const isAskedThere = status === 429 || status === 503;
      expect(isAskedThere && asked >= 2000 ? theirs : delays[1]).toBe(delays[1]);
    },
  );

  it.each(vectors.LinearJitterBackoffBounds)(
    'LinearJitterBackoff: between $boundLowMs and $boundHighMs',
    async (row) => {
      const maxAttempts = row.attemptNum + 2;
      const delays = await Promise.all(
        [0, 0.5, 0.999_999].map(async (u) => {
          const world = new PipelineWorld({}, { random: u });
          const retry: RetryOptions = { budget: false, maxAttempts, backoff: linear(row) };
          await world.call(world.pipeline({ retry }), executions(503));
          return world.events.of('retry.scheduled').at(-1)?.delayMs ?? Number.NaN;
        }),
      );

      expect(delays[0]).toBeCloseTo(row.boundLowMs, 5);
      expect(delays[1]).toBeCloseTo((row.boundLowMs + row.boundHighMs) / 2, 5);
      expect(delays[2]).toBeLessThan(row.boundHighMs);
    },
  );

  it('RateLimitLinearJitterBackoff', async () => {
    const backoff = { type: 'linear', initialDelay: '1s', jitter: 'none' } as const;

    const asked = await play({ backoff }, httpError(429, { 'Retry-After': '7' }));
    const silent = await play({ backoff }, httpError(429));

    expect([asked.delays, silent.delays]).toEqual([
      [7000, 7000],
      [1000, 2000],
    ]);
  });

  it('ErrorHandler, PassthroughErrorHandler', async () => {
    const last = httpError(503);

    const { error } = await play({ backoff: AT_ONCE }, ALWAYS, ALWAYS, last);
    const { value } = await play({ backoff: AT_ONCE, retryOnResult: () => true }, 'first', 'second', 'last');

    expect([error, value]).toEqual([last, 'last']);
    // How many attempts there were.
    expect(retryInfo(last)).toMatchObject({ attempts: 3 });
  });

  it('PrepareRetry(req): its error ends the retrying', async () => {
    const expired = new Error('no token');

    const { runs, error, endedMs } = await play(
      { ...GO, prepareRetry: () => Promise.reject(expired) },
      ALWAYS,
    );

    expect({ runs, error, endedMs }).toEqual({ runs: 1, error: expired, endedMs: 1000 });
  });

  it('SetResponseHandler: what parsing throws is classified like any failure', async () => {
    const world = new PipelineWorld();
    const bodies = ['<busy>', '{"rate":2}'];
    const retry = caseOptions({ backoff: AT_ONCE, retryOn: [SyntaxError] });

    const call = await world.call(world.pipeline({ retry }), (run): unknown =>
      JSON.parse(bodies[run - 1] ?? ''),
    );

    expect(call).toMatchObject({ value: { rate: 2 }, runsAt: [0, 0] });
  });

  it('context: a deadline that cannot be met ends the retrying at once', async () => {
    const world = new PipelineWorld();
    const retry = caseOptions({ backoff: { type: 'fixed', initialDelay: '10s' } });
    const pipeline = world.pipeline({ retry, timeLimiter: { totalTimeout: 80 } });

    const call = await world.call(pipeline, executions(ALWAYS));

    expect(call).toMatchObject({ error: ALWAYS, endedMs: 0 });
    expect(retryInfo(ALWAYS)).toMatchObject({ reason: 'deadline' });
  });
});
