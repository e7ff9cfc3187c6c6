import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../../lib/core/errors.js';
import {
  resolveTimeLimiterOptions,
  type TimeLimiterOptions,
} from '../../../../lib/policies/time-limiter/index.js';

const resolve = (options: TimeLimiterOptions) => resolveTimeLimiterOptions('Orders.place', options);

describe('resolveTimeLimiterOptions', () => {
  it('gives both limits in milliseconds', () => {
    const resolved = resolve({ attemptTimeout: '2s', totalTimeout: 5000 });

    expect(resolved).toEqual({ attemptTimeoutMs: 2000, totalTimeoutMs: 5000 });
  });

  it('leaves out the limit that is not given', () => {
    const resolved = resolve({ totalTimeout: '1s' });

    expect(resolved).toEqual({ attemptTimeoutMs: undefined, totalTimeoutMs: 1000 });
  });

  it('accepts an attempt that may take as long as the call', () => {
    const resolved = resolve({ attemptTimeout: '2s', totalTimeout: '2s' });

    expect(resolved.attemptTimeoutMs).toBe(resolved.totalTimeoutMs);
  });

  it('LM-12: refuses an attempt limit above the total one, and names both in milliseconds', () => {
    const bad = () => resolve({ attemptTimeout: '5s', totalTimeout: '2s' });

    expect(bad).toThrow(InvalidOptionsError);
    expect(bad).toThrow(/Orders\.place: timeLimiter\.attemptTimeout .*5000.*2000/);
  });

  it.each([0, -1, Number.NaN, '2 seconds'])('LM-12: refuses the limit %p', (limit) => {
    const bad = () => resolve({ attemptTimeout: limit as number });

    expect(bad).toThrow(/timeLimiter\.attemptTimeout must be longer than 0/);
  });

  it('refuses a limiter without a limit', () => {
    const bad = () => resolve({});

    expect(bad).toThrow(/attemptTimeout or timeLimiter\.totalTimeout must be given/);
  });

  it('refuses an option that it does not know', () => {
    const misspelt = { attemptTimeOut: 5 } as TimeLimiterOptions;

    expect(() => resolve(misspelt)).toThrow(
      /attemptTimeOut is not an option \(known: attemptTimeout, totalTimeout\)/,
    );
  });
});
