import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../../lib/core/errors.js';
import { type RetryOptions, resolveRetryOptions } from '../../../../lib/policies/retry/index.js';

function refusalOf(given: unknown): InvalidOptionsError {
  try {
    // What plain JavaScript may pass.
    resolveRetryOptions('Orders.place', given as RetryOptions);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error;
  }
  throw new Error('was not refused');
}

describe('resolveRetryOptions', () => {
  it('fills the defaults of the contract', () => {
    expect(resolveRetryOptions('Orders.place')).toEqual({
      maxAttempts: 3,
      backoff: {
        type: 'exponential',
        initialDelayMs: 100,
        multiplier: 2,
        incrementMs: 100,
        delaysMs: [],
        minDelayMs: 0,
        maxDelayMs: 20_000,
        jitter: 'full',
      },
      respectRetryAfter: true,
      maxRetryAfterMs: 60_000,
      budget: 'default',
      retryUnsafe: false,
    });
  });

  it.each([
    ['maxAttempts', { maxAttempts: 0 }],
    ['maxAttempts', { maxAttempts: 1.5 }],
    ['maxAttempts', { maxAttempts: -3 }],
    ['maxAttempts', { maxAttempts: null }],
    ['maxAttempts', { maxAttempts: Number.NaN }],
    ['maxAttempts', { maxAttempts: Number.NEGATIVE_INFINITY }],
    ['backoff.initialDelay', { backoff: { initialDelay: -1 } }],
    ['backoff.initialDelay', { backoff: { initialDelay: '5 parsecs' } }],
    ['backoff.initialDelay', { backoff: { initialDelay: '30s', maxDelay: '20s' } }],
    ['backoff.jitter', { backoff: { jitter: 1.5 } }],
    ['backoff.jitter', { backoff: { jitter: 'some' } }],
    ['backoff.type', { backoff: { type: 'quadratic' } }],
    ['backoff.multiplier', { backoff: { multiplier: 0.5 } }],
    ['backoff.increment', { backoff: { type: 'linear', increment: -1 } }],
    ['backoff.minDelay', { backoff: { minDelay: '-1s' } }],
    ['backoff.minDelay', { backoff: { minDelay: '30s' } }],
    ['backoff.minDelay', { backoff: { type: 'fixed', minDelay: '2s', maxDelay: '1s', initialDelay: 10 } }],
    ['backoff.delays', { backoff: { delays: [] } }],
    ['backoff.delays', { backoff: { delays: '1s' } }],
    ['backoff.delays', { backoff: { delays: ['1s'], type: 'fixed' } }],
    ['backoff.delays[1]', { backoff: { delays: ['1s', 'soon'] } }],
    ['backoff.delays[1]', { backoff: { delays: ['1s', '30s'] } }],
    ['backoff.factor', { backoff: { factor: 3 } }],
    ['backoff', { backoff: '100ms' }],
    ['maxDuration', { maxDuration: 0 }],
    ['maxRetryAfter', { maxRetryAfter: 'soon' }],
    ['budget', { budget: true }],
    ['retryOn', { retryOn: 'all' }],
    ['onRetry', { onRetry: 1 }],
    ['onAttempt', { onAttempt: true }],
    ['prepareRetry', { prepareRetry: 'token' }],
    ['retries', { retries: 3 }],
  ])('RT-60: refuses %s in %j, naming operation and field', (field, given) => {
    const refusal = refusalOf(given);

    expect(refusal).toMatchObject({ field, operation: 'Orders.place', policy: 'retry' });
    expect(refusal.message).toContain(`Orders.place: retry.${field}`);
  });

  it('hints at a ratio where a percentage was meant', () => {
    expect(refusalOf({ backoff: { jitter: 25 } }).message).toContain('did you mean 0.25?');
  });

  it('accepts attempts without end together with a limit of time', () => {
    const options = resolveRetryOptions('A.b', { maxAttempts: Number.POSITIVE_INFINITY, maxDuration: '1m' });

    expect(options).toMatchObject({ maxAttempts: Number.POSITIVE_INFINITY, maxDurationMs: 60_000 });
  });

  it('takes a list of delays in the place of a type, with delays that are no type’s', () => {
    const options = resolveRetryOptions('A.b', { backoff: { delays: ['10ms', 200, '1s'] } });

    expect(options.backoff).toMatchObject({ type: 'delays', delaysMs: [10, 200, 1000], jitter: 'full' });
  });

  it('takes a field that is given as undefined for one that is not given', () => {
    const given = { maxAttempts: undefined, backoff: { jitter: undefined } } as unknown as RetryOptions;

    expect(resolveRetryOptions('A.b', given)).toMatchObject({ maxAttempts: 3, backoff: { jitter: 'full' } });
  });
});
