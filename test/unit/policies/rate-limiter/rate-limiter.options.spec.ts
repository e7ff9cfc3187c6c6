import { describe, expect, it } from '@jest/globals';
import {
  type RateLimiterOptions,
  resolveRateLimiterOptions,
} from '../../../../lib/policies/rate-limiter/index.js';

const resolve = (options: unknown) =>
  resolveRateLimiterOptions('Orders.place', options as RateLimiterOptions);

describe('resolveRateLimiterOptions', () => {
  it('has the defaults of the contract', () => {
    const resolved = resolve({ limit: 3, window: '1s' });

    expect(resolved).toEqual({
      limit: 3,
      windowMs: 1000,
      type: 'rolling',
      maxWaitDurationMs: 0,
      key: undefined,
    });
  });

  it('takes what is given', () => {
    const key = (tenant: string) => tenant;

    const resolved = resolve({
      name: 'mail',
      limit: 1,
      window: 50,
      type: 'smooth',
      maxWaitDuration: '3s',
      key,
    });

    expect(resolved).toEqual({ limit: 1, windowMs: 50, type: 'smooth', maxWaitDurationMs: 3000, key });
  });

  it.each([
    [{ limit: 0, window: 1 }, /rateLimiter\.limit must be a whole number, at least 1, got 0/],
    [{ limit: 1.5, window: 1 }, /rateLimiter\.limit must be a whole number, at least 1, got 1.5/],
    [{ limit: 1, window: 0 }, /rateLimiter\.window must be longer than 0/],
  ])('LM-34: refuses %j', (options, message) => {
    const bad = () => resolve(options);

    expect(bad).toThrow(message);
  });

  it.each([
    [{ window: '1s' }, /rateLimiter\.limit must be a whole number, at least 1, got undefined/],
    [{ limit: 1 }, /rateLimiter\.window must be longer than 0/],
    [
      { limit: 1, window: 1, type: 'sliding' },
      /rateLimiter\.type must be one of 'rolling', 'fixed', 'smooth'/,
    ],
    [{ limit: 1, window: 1, maxWaitDuration: -1 }, /rateLimiter\.maxWaitDuration must be/],
    [{ limit: 1, window: 1, key: 'tenant' }, /rateLimiter\.key must be a function/],
    [{ limit: 1, window: 1, name: '' }, /rateLimiter\.name must be a text/],
    [{ limit: 1, windowMs: 1 }, /rateLimiter\.windowMs is not an option/],
  ])('refuses %j', (options, message) => {
    const bad = () => resolve(options);

    expect(bad).toThrow(message);
  });
});
