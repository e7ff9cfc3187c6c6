import { describe, expect, it } from '@jest/globals';
import { tellsOfUnsafeRequest } from '../../../../lib/policies/retry/unsafe-request.js';
import { RetryWorld, caseOptions } from '../../../support/retry-world.js';

const axiosError = (
  method: string,
  headers: object = {},
  more: object = { response: { status: 503 } },
): Error => Object.assign(new Error('request failed'), { config: { method, headers }, ...more });

describe('tellsOfUnsafeRequest', () => {
  it.each(['post', 'POST', 'Patch'])('RT-51: knows %s without a key', (method) => {
    expect(tellsOfUnsafeRequest(axiosError(method))).toBe(true);
  });

  it.each(['get', 'PUT', 'delete', 'HEAD', ''])('RT-51: lets %s pass', (method) => {
    expect(tellsOfUnsafeRequest(axiosError(method))).toBe(false);
  });

  it.each(['Idempotency-Key', 'idempotency-key', 'IDEMPOTENCY-KEY'])(
    'RT-51: lets a POST with %s pass',
    (name) => {
      expect(tellsOfUnsafeRequest(axiosError('post', { [name]: 'k1' }))).toBe(false);
      expect(tellsOfUnsafeRequest(axiosError('post', new Headers({ [name]: 'k1' })))).toBe(false);
    },
  );

  it('does not take an empty key for a key', () => {
    expect(tellsOfUnsafeRequest(axiosError('post', { 'Idempotency-Key': ' ' }))).toBe(true);
  });

  it('looks into the answer that an error of the application still holds', () => {
    const { config } = axiosError('post') as { config?: unknown };
    const response = { status: 503, config };

    expect(config).toBeDefined();
    expect(tellsOfUnsafeRequest(Object.assign(new Error('stock is down'), { response }))).toBe(true);
  });

  it('looks into causes and members', () => {
    expect(tellsOfUnsafeRequest(new Error('x', { cause: axiosError('post') }))).toBe(true);
    expect(tellsOfUnsafeRequest(new AggregateError([axiosError('get'), axiosError('post')]))).toBe(true);
  });
});

describe('RetryRule with unsafe requests', () => {
  it.each([axiosError('post'), axiosError('post', {}, { code: 'ECONNRESET' })])(
    'RT-51: does not retry a POST, whatever failed',
    async (error) => {
      const world = new RetryWorld();

      const outcome = await world.call(world.rule(caseOptions()), () => Promise.reject(error));

      expect(outcome.runsAt).toHaveLength(1);
      expect(world.events.of('retry.gave-up')).toMatchObject([{ reason: 'not-retryable' }]);
    },
  );

  it('RT-51: retries a POST where told so', async () => {
    const world = new RetryWorld();

    const outcome = await world.call(world.rule(caseOptions({ retryUnsafe: true })), () =>
      Promise.reject(axiosError('post')),
    );

    expect(outcome.runsAt).toHaveLength(3);
  });

  it('does not run an unsafe incoming request again, whatever the outgoing one was', async () => {
    const world = new RetryWorld();
    const scope = world.scope({ isUnsafe: true });

    const outcome = await world.call(
      world.rule(caseOptions()),
      () => Promise.reject(axiosError('get')),
      scope,
    );

    expect(outcome.runsAt).toHaveLength(1);
  });

  it('does not repeat a POST whose answer counts as a failure', async () => {
    const world = new RetryWorld();
    const rule = world.rule(caseOptions({ retryOnResult: () => true }));

    const outcome = await world.call(rule, () => ({ status: 503, config: { method: 'post' } }));

    expect(outcome.runsAt).toHaveLength(1);
  });
});
