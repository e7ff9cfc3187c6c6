import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../../lib/core/errors.js';
import { resolveAlertOptions } from '../../../../lib/policies/alerts/index.js';

describe('resolveAlertOptions', () => {
  it('fills in the defaults', () => {
    expect(resolveAlertOptions('ResilienceModule')).toEqual({
      openLongerThanMs: 60_000,
      giveUps: 100,
      windowMs: 60_000,
      debounceMs: 300_000,
    });
  });

  it('keeps what is given', () => {
    const options = resolveAlertOptions('ResilienceModule', {
      openLongerThan: '5s',
      giveUps: 3,
      debounce: 0,
    });

    expect(options).toEqual({ openLongerThanMs: 5_000, giveUps: 3, windowMs: 60_000, debounceMs: 0 });
  });

  it.each([
    ['openLongerThan', { openLongerThan: 0 }],
    ['giveUps', { giveUps: 0 }],
    ['giveUps', { giveUps: 1.5 }],
    ['window', { window: 0 }],
    ['debounce', { debounce: -1 }],
    ['openFor', { openFor: '1m' }],
  ])('refuses %s and names it', (field, given) => {
    const refused = { policy: 'alerts', operation: 'ResilienceModule', field };

    expect(() => resolveAlertOptions('ResilienceModule', given as object)).toThrow(InvalidOptionsError);
    expect(() => resolveAlertOptions('ResilienceModule', given as object)).toThrow(
      expect.objectContaining(refused),
    );
  });
});
