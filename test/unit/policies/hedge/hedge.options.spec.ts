import { describe, expect, it } from '@jest/globals';
import { type HedgeOptions, resolveHedgeOptions } from '../../../../lib/policies/hedge/index.js';

const resolve = (options?: HedgeOptions) => resolveHedgeOptions('Quotes.get', options);

describe('resolveHedgeOptions', () => {
  it('has the defaults of the contract', () => {
    const resolved = resolve();

    expect(resolved).toEqual({
      delayMs: undefined,
      delayPercentile: 95,
      maxHedgedAttempts: 1,
      budget: undefined,
    });
  });

  it('takes a field that is given as undefined for one that is not given', () => {
    const given = { delay: undefined, maxHedgedAttempts: undefined, budget: undefined };

    const resolved = resolve(given as unknown as HedgeOptions);

    expect(resolved).toEqual(resolve());
  });

  it('gives a fixed delay in milliseconds', () => {
    const resolved = resolve({ delay: '0.5s', maxHedgedAttempts: 2, budget: 'quotes' });

    expect(resolved).toEqual({
      delayMs: 500,
      delayPercentile: undefined,
      maxHedgedAttempts: 2,
      budget: 'quotes',
    });
  });

  it.each<[HedgeOptions, number]>([
    [{ delay: 'p50' }, 50],
    [{ delay: 'p99' }, 99],
  ])('knows the percentile of %j', (options, percentile) => {
    const { delayPercentile } = resolve(options);

    expect(delayPercentile).toBe(percentile);
  });

  it.each([
    [
      { maxHedgedAttempts: 0 },
      /Quotes\.get: hedge\.maxHedgedAttempts must be a whole number, at least 1, got 0/,
    ],
    [{ maxHedgedAttempts: 1.5 }, /hedge\.maxHedgedAttempts must be a whole number/],
    [{ delay: -1 }, /hedge\.delay must be milliseconds or a text like '250ms'/],
    [{ delay: 'soon' }, /hedge\.delay must be milliseconds or a text like '250ms'/],
    [{ delay: 'p100' }, /hedge\.delay must be a percentile from 'p50' to 'p99', got "p100"/],
    [{ delay: 'p9.5' }, /hedge\.delay must be a percentile from 'p50' to 'p99'/],
    [{ delay: null }, /hedge\.delay must be milliseconds/],
    [{ budget: '' }, /hedge\.budget must be a text, not empty/],
    [{ budget: true }, /hedge\.budget must be a text, not empty/],
    [{ maxAttempts: 2 }, /hedge\.maxAttempts is not an option \(known: delay, maxHedgedAttempts, budget\)/],
    ['50ms', /hedge\.options must be an object/],
  ])('refuses %j', (options, message) => {
    const bad = () => resolve(options as HedgeOptions);

    expect(bad).toThrow(message);
  });
});
