import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { isIdempotentRequest, isNetworkError, isSafeRequest } from '../../../lib/adapters/http/index.js';
import { isRetryable } from '../../../lib/core/index.js';
import type { RetryOptions } from '../../../lib/policies/retry/index.js';
import { executions, PipelineWorld } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';
import { ALWAYS, AT_ONCE, play } from './play.js';

interface Vectors {
  readonly byStatus: readonly { readonly status: number; readonly get: boolean; readonly post: boolean }[];
  readonly byCode: readonly {
    readonly code: string | null;
    readonly get: { readonly isNetworkError: boolean };
  }[];
  readonly byMethod: readonly {
    readonly method: string | null;
    readonly safe500: boolean;
    readonly idem500: boolean;
  }[];
  readonly exponentialDelayBounds: readonly {
    readonly retryCount: number;
    readonly min: number;
    readonly maxExclusive: number;
  }[];
}

const file = new URL('../../support/golden/axios-retry.json', import.meta.url);
// The file has the form that its README describes.
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

const AXIOS_OWN = ['ERR_BAD_RESPONSE', 'ERR_FR_TOO_MANY_REDIRECTS'];

/** An error of axios, as far as anybody looks at it. */
function axiosError(facts: { code?: string; status?: number; method?: string }): Error {
  const { code = 'ERR_BAD_RESPONSE', status, method = 'get' } = facts;
  const response = status === undefined ? {} : { response: { status, headers: {} } };
  return Object.assign(new Error('request failed'), { code, config: { method, headers: {} }, ...response });
}

/** The delays before the retries, where chance gives this. */
async function delaysOf(u: number, maxAttempts: number, backoff: RetryOptions['backoff']): Promise<number[]> {
  const world = new PipelineWorld({}, { random: u });
  const retry: RetryOptions = { budget: false, maxAttempts, ...(backoff && { backoff }) };
  await world.call(world.pipeline({ retry }), executions(503));
  return world.events.of('retry.scheduled').map(({ delayMs }) => delayMs);
}

/** Named by the rows of spec/parity.md; those that need a server stand in test/integration/adapters/http. */
describe('axios-retry', () => {
  it('retries: 3', async () => {
    const { runs } = await play({ maxAttempts: 4, backoff: AT_ONCE }, ALWAYS);

    expect(runs).toBe(4);
  });

  it('retryCondition(error)', async () => {
    const odd = { backoff: AT_ONCE, retryOn: () => undefined } as unknown as RetryOptions;
    const throws: RetryOptions['retryOn'] = () => {
      throw new Error('predicate');
    };

    expect((await play(odd, ALWAYS)).runs).toBe(1);
    expect((await play({ backoff: AT_ONCE, retryOn: throws }, ALWAYS)).runs).toBe(1);
  });

  it('retryDelay(count, error)', async () => {
    const asks = httpError(503, { 'Retry-After': '3' });
    const counted: RetryOptions['backoff'] = { type: ({ attempt }) => attempt * 10 };

    expect((await play({ backoff: counted }, ALWAYS)).delays).toEqual([10, 20]);
    expect((await play({ backoff: counted }, asks)).delays).toEqual([3000, 3000]);
    expect((await play({ backoff: counted, respectRetryAfter: false }, asks)).delays).toEqual([10, 20]);
  });

  it('onRetry(count, error, config)', async () => {
    const told: unknown[] = [];
    const onRetry: RetryOptions['onRetry'] = ({ attempt, error }) => {
      told.push([attempt, error]);
      throw new Error('changes nothing');
    };

    const { runs, error } = await play({ backoff: AT_ONCE, onRetry }, ALWAYS);

    expect(told).toEqual([
      [1, ALWAYS],
      [2, ALWAYS],
    ]);
    expect([runs, error]).toEqual([3, ALWAYS]);
  });

  it('onMaxRetryTimesExceeded(error, count)', async () => {
    const told: unknown[] = [];
    const onGiveUp: RetryOptions['onGiveUp'] = ({ attempts, reason }) => told.push([attempts, reason]);

    await play({ backoff: AT_ONCE, onGiveUp }, ALWAYS);
    await play({ backoff: AT_ONCE, onGiveUp }, httpError(404));
    await play({ maxAttempts: 1, onGiveUp }, ALWAYS);
    await play({ backoff: AT_ONCE, onGiveUp }, axiosError({ code: 'ETIMEDOUT' }));

    expect(told).toEqual([
      [3, 'exhausted'],
      [1, 'not-retryable'],
      [1, 'exhausted'],
      [3, 'exhausted'],
    ]);
  });

  it('retryCount, lastRequestTime in the config', async () => {
    const seen: unknown[] = [];
    const world = new PipelineWorld();
    const retry = caseOptions({ backoff: { type: 'fixed', initialDelay: 10 } });

    await world.call(world.pipeline({ retry }), (_run, { attempt, elapsedMs }) => {
      seen.push([attempt, elapsedMs]);
      throw ALWAYS;
    });

    expect(seen).toEqual([
      [1, 0],
      [2, 10],
      [3, 20],
    ]);
  });

  it.each(vectors.byCode)('isNetworkError: $code', ({ code, get }) => {
    const error = code === null ? new Error('no code') : axiosError({ code });

    // What axios itself finds wrong is no failed connection; theirs takes every code that it does not exclude.
    const isOfConnection = get.isNetworkError && !AXIOS_OWN.includes(code ?? '');
    expect(isNetworkError(error)).toBe(isOfConnection);
    expect(isOfConnection && !isRetryable(error)).toBe(false);
  });

  it.each(vectors.byStatus.filter(({ status }) => status >= 400))('isRetryableError: $status', (row) => {
    const ours = isRetryable(axiosError({ status: row.status }));

    // 408 is retried here, see spec/retry.md, RT-42.
    expect(ours).toBe(row.status === 408 || row.get);
  });

  it.each(vectors.byMethod)('isSafeRequestError, isIdempotentRequestError: $method', (row) => {
    const error = axiosError({ status: 500, method: row.method ?? '' });
    const isUpperCase = row.method !== null && row.method !== row.method.toLowerCase();

    // Any letter case here, lower case only there.
    expect(isSafeRequest(error)).toBe(row.safe500 || isUpperCase);
    expect(isIdempotentRequest(error)).toBe(row.idem500 || isUpperCase);
  });

  it('isNetworkOrIdempotentRequestError: a POST is retried only with a key or retryUnsafe', async () => {
    const reset = axiosError({ code: 'ECONNRESET', method: 'post' });
    const keyed = axiosError({ code: 'ECONNRESET', method: 'post' });
    Object.assign(keyed, { config: { method: 'post', headers: { 'Idempotency-Key': 'k' } } });

    expect((await play({ backoff: AT_ONCE }, reset)).runs).toBe(1);
    expect((await play({ backoff: AT_ONCE }, keyed)).runs).toBe(3);
    expect((await play({ backoff: AT_ONCE, retryUnsafe: true }, reset)).runs).toBe(3);
  });

  it.each(vectors.exponentialDelayBounds.filter(({ retryCount }) => retryCount > 0))(
    'exponentialDelay(n, error, factor = 100): $retryCount',
    async ({ retryCount, min, maxExclusive }) => {
      const backoff = { initialDelay: '220ms', jitter: 1 / 11, maxDelay: '1h' } as const;

      const [least, most] = await Promise.all(
        [0, 0.999_999].map((u) => delaysOf(u, retryCount + 1, backoff)),
      );

      expect(least?.at(-1)).toBeCloseTo(min, 6);
      expect(most?.at(-1)).toBeLessThan(maxExclusive);
      expect(most?.at(-1)).toBeGreaterThan(maxExclusive * 0.9999);
    },
  );

  it('exponentialDelay(n, error, factor = 100): capped, jitter included, and never early', async () => {
    const backoff = { initialDelay: '220ms', jitter: 1 / 11, maxDelay: '20s' } as const;

    const delays = await delaysOf(0.999_999, 60, backoff);

    expect(Math.max(...delays)).toBeLessThan(20_000);
    // Theirs retries at once from the 25th on.
    expect(Math.min(...delays.slice(24))).toBeGreaterThan(19_999);
  });

  it('linearDelay(factor = 100)', async () => {
    const backoff = { type: 'linear', initialDelay: '100ms', jitter: 'none' } as const;

    expect(await delaysOf(0, 4, backoff)).toEqual([100, 200, 300]);
  });

  it('retryAfter(error): a response without headers asks for nothing', async () => {
    const bare = Object.assign(new Error('503'), { response: { status: 503 } });

    expect((await play({ backoff: AT_ONCE }, bare)).delays).toEqual([0, 0]);
  });

  it('abort: ends everything, no onRetry, reason aborted', async () => {
    const world = new PipelineWorld();
    const caller = new AbortController();
    const retry = caseOptions({ backoff: { type: 'fixed', initialDelay: 1000 } });

    const pipeline = world.pipeline({ retry });
    const started = world.start(
      pipeline,
      () => {
        caller.abort();
        throw axiosError({ code: 'ERR_CANCELED' });
      },
      { signal: caller.signal },
    );
    await world.clock.runAll();

    expect(started.runsAt).toHaveLength(1);
    expect(world.events.of('retry.scheduled')).toEqual([]);
    expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'aborted' }]);
  });

  it('DEFAULT_OPTIONS, namespace: module defaults', async () => {
    const world = new PipelineWorld({
      defaults: { retry: { maxAttempts: 7, budget: false, backoff: AT_ONCE } },
    });

    const call = await world.call(world.pipeline({ retry: {} }), executions(503));

    expect(call.runsAt).toHaveLength(7);
  });
});
