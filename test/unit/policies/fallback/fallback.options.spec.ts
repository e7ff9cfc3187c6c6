import { describe, expect, it } from '@jest/globals';
import {
  type FallbackHandler,
  type FallbackFilter,
  resolveFallbackOptions,
} from '../../../../lib/policies/fallback/index.js';
import { callWith } from '../../../support/rule-world.js';

class QuotesFallback {}

const resolve = (handler: FallbackHandler, filter?: FallbackFilter) =>
  resolveFallbackOptions('Quotes.get', handler, filter);

describe('resolveFallbackOptions', () => {
  it('knows each form by its shape', () => {
    const answer = () => 'x';

    const forms = [
      resolve('getCached'),
      resolve(answer),
      resolve({ value: undefined }),
      resolve({ lastGood: { maxAge: '5m' } }),
      resolve({ use: QuotesFallback }),
    ].map(({ form }) => form);

    expect(forms).toEqual([
      { source: 'method', method: 'getCached' },
      { source: 'function', answer },
      { source: 'value', value: undefined },
      { source: 'last-good', lastGood: { maxAgeMs: 300_000, key: undefined, maxEntries: 1000 } },
      { source: 'provider', token: QuotesFallback },
    ]);
  });

  it('takes the filter of a form without room for one from the second argument', () => {
    const { applyOn, skipOn } = resolve('getCached', { applyOn: [TypeError], skipOn: () => true });

    expect(applyOn?.(new TypeError(), callWith())).toBe(true);
    expect(applyOn?.(new Error(), callWith())).toBe(false);
    expect(skipOn?.(new Error(), callWith())).toBe(true);
  });

  it('lets an object form keep its own filter', () => {
    const { applyOn } = resolve({ value: 1, applyOn: [TypeError] }, { applyOn: [RangeError] });

    expect(applyOn?.(new TypeError(), callWith())).toBe(true);
    expect(applyOn?.(new RangeError(), callWith())).toBe(false);
  });

  it.each([
    ['no form', {}],
    ['two forms', { value: 1, use: 'TOKEN' }],
    ['null', null],
    ['a number', 5],
  ])('refuses %s and says what is right', (_, handler) => {
    const bad = () => resolve(handler as unknown as FallbackHandler);

    expect(bad).toThrow(
      /Quotes\.get: fallback\.handler must be a method name, a function, or an object with exactly/,
    );
  });

  it.each([
    ['an empty method name', '', /fallback\.handler must be a text, not empty/],
    ['a token that is not there yet', { use: undefined }, /fallback\.use .* circular import/],
    ['lastGood without maxAge', { lastGood: {} }, /fallback\.lastGood\.maxAge must be longer than 0/],
    ['lastGood that is no object', { lastGood: '5m' }, /fallback\.lastGood must be an object/],
    ['a maxAge of nothing', { lastGood: { maxAge: 0 } }, /fallback\.lastGood\.maxAge must be longer than 0/],
    [
      'a key that is no function',
      { lastGood: { maxAge: 1, key: 'id' } },
      /fallback\.lastGood\.key must be a function/,
    ],
    [
      'no entries',
      { lastGood: { maxAge: 1, maxEntries: 0 } },
      /fallback\.lastGood\.maxEntries must be a whole number/,
    ],
    ['an unknown option', { value: 1, skip: [] }, /fallback\.skip is not an option/],
    ['a filter of the wrong kind', { value: 1, applyOn: 'Error' }, /fallback\.applyOn must be a function/],
  ])('refuses %s', (_, handler, message) => {
    const bad = () => resolve(handler as unknown as FallbackHandler);

    expect(bad).toThrow(message);
  });
});
