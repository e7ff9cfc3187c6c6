import { describe, expect, it } from '@jest/globals';
import { CircuitBreakerRegistry, RateLimiterRegistry, ResilienceService } from 'nestjs-selfheal';
import { Applications } from '../../../support/nest-applications.js';

describe('a shared object after options that were refused', () => {
  const applications = new Applications();

  it('is made by the next who names it, in execute', async () => {
    const service = (await applications.start({})).get(ResilienceService);
    const wrong = { operation: 'load', circuitBreaker: { failureRateThreshold: 50 } };
    await expect(service.execute(wrong, () => 'never')).rejects.toThrow(/did you mean 0\.5\?/);

    const value = await service.execute({ operation: 'load', circuitBreaker: {} }, () => 'loaded');

    expect(value).toBe('loaded');
  });

  it('is made by the next who names it, in a registry', async () => {
    const breakers = (await applications.start({})).get(CircuitBreakerRegistry);
    expect(() => breakers.getOrCreate('db', { failureThreshold: 0 })).toThrow(/failureThreshold/);

    expect(breakers.find('db')).toBeUndefined();
    expect(breakers.getOrCreate('db', { failureThreshold: 3 }).state).toBe('closed');
    expect(breakers.names()).toEqual(['db']);
  });

  it('that exists already goes on as it was, and takes other options', async () => {
    const limiters = (await applications.start({})).get(RateLimiterRegistry);
    const limiter = limiters.getOrCreate('api', { limit: 1, window: '1s' });
    expect(() => limiters.getOrCreate('api', { maxWaitDuration: -1 })).toThrow(/maxWaitDuration/);

    expect(limiters.getOrCreate('api', { maxWaitDuration: '2s' })).toBe(limiter);
    expect(limiter.options).toMatchObject({ limit: 1, maxWaitDurationMs: 2_000 });
  });
});
