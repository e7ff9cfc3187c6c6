import { describe, expect, it } from '@jest/globals';
import { incomingRetryAttempt, resilientFetch } from '../../../../lib/adapters/http/index.js';
import { InvalidOptionsError } from '../../../../lib/core/index.js';
import { createPolicies } from '../../../../lib/pipeline/index.js';

describe('resilientFetch options', () => {
  it.each([
    ['operation', { operation: '' }],
    ['idempotencyKey', { idempotencyKey: 'yes' }],
    ['deadlineHeader', { deadlineHeader: 'X Bad' }],
    ['retryHeader', { retryHeader: '' }],
    ['retryHeader', { retryHeader: 'X-Bad\r\nX-Evil: 1' }],
    ['tellHosts', { tellHosts: 'payments' }],
    ['prepareRetry', { prepareRetry: 1 }],
    ['throwOnError', { throwOnError: 1 }],
    ['isFailure', { isFailure: true }],
    ['fetch', { fetch: 'undici' }],
    ['retries', { retries: 3 }],
    ['maxAttempts', { retry: { maxAttempts: 0 } }],
  ])('refuses a bad %s where it is written', (field, options) => {
    const make = () => resilientFetch(createPolicies(), options as never);

    expect(make).toThrow(InvalidOptionsError);
    expect(make).toThrow(expect.objectContaining({ field, operation: expect.any(String) }));
  });

  it('refuses what a request says of its retry', async () => {
    const send = resilientFetch(createPolicies());

    await expect(send('http://shop', { resilience: { maxAttempts: 0 } })).rejects.toThrow(
      InvalidOptionsError,
    );
  });
});

describe('incomingRetryAttempt', () => {
  it.each([
    ['2', 2],
    [' 7 ', 7],
    ['1', undefined],
    ['0', undefined],
    ['-2', undefined],
    ['1e9', undefined],
    ['99999', undefined],
  ])('reads %j as %j', (value, expected) => {
    expect(incomingRetryAttempt({ headers: { 'x-retry-attempt': value } })).toBe(expected);
  });

  it('takes no harm from what is no request', () => {
    expect(incomingRetryAttempt(undefined)).toBeUndefined();
    expect(incomingRetryAttempt({ headers: 'x' })).toBeUndefined();
  });
});
