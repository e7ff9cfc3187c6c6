import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyScript, played } from './idempotency-ways.model.js';

describe('however a guarded call is carried out, it comes to the same', () => {
  it('with a method alone inside its guard as layer by layer', async () => {
    await fc.assert(
      fc.asyncProperty(anyScript, async (script) => {
        expect(await played(script, 'alone')).toEqual(await played(script, 'layers'));
      }),
      { numRuns: 100 },
    );
  });

  it('with claims that answer at once as with a store that answers later', async () => {
    await fc.assert(
      fc.asyncProperty(anyScript, async (script) => {
        expect(await played(script, 'at-once')).toEqual(await played(script, 'layers'));
      }),
      { numRuns: 100 },
    );
  });
});
