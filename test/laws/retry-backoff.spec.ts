import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type OwnDelay, delayAfter } from '../../lib/policies/retry/backoff.js';
import type { ResolvedBackoffOptions } from '../../lib/policies/retry/index.js';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const backoffs: fc.Arbitrary<ResolvedBackoffOptions> = fc
  .record({
    type: fc.constantFrom('fixed', 'linear', 'exponential', 'decorrelated'),
    delays: fc.tuple(fc.nat(1_000_000_000), fc.nat(1_000_000_000)),
    multiplier: fc.double({ min: 1, max: 1e9, noNaN: true }),
    jitter: fc.oneof(
      fc.constantFrom('none', 'full', 'equal', 'additive'),
      fc.double({ min: 0, max: 1, noNaN: true }),
    ),
  })
  .map(({ type, delays, multiplier, jitter }) => ({
    type,
    multiplier,
    jitter,
    initialDelayMs: Math.min(...delays),
    maxDelayMs: Math.max(...delays),
  }));

function isWithinBounds({ delayMs, randomMs }: OwnDelay, { maxDelayMs }: ResolvedBackoffOptions): boolean {
  return delayMs >= 0 && delayMs <= maxDelayMs && randomMs >= 0 && randomMs <= delayMs * (1 + 1e-12);
}

describe('laws of backoff', () => {
  it('keeps every delay a finite number from 0 to maxDelay, jitter included, and chance a part of it', () => {
    fc.assert(
      fc.property(backoffs, fc.integer({ min: 1, max: 5000 }), chance, (options, attempt, u) =>
        isWithinBounds(
          delayAfter(options, { attempt, previousDelayMs: undefined, random: () => u }),
          options,
        ),
      ),
    );
  });

  it('keeps chains of decorrelated delays between initialDelay and maxDelay', () => {
    fc.assert(
      fc.property(backoffs, fc.array(chance, { minLength: 1, maxLength: 60 }), (given, draws) => {
        const options: ResolvedBackoffOptions = { ...given, type: 'decorrelated' };
        let previousDelayMs: number | undefined;
        return draws.every((u, index) => {
          const own = delayAfter(options, { attempt: index + 1, previousDelayMs, random: () => u });
          previousDelayMs = own.delayMs;
          return isWithinBounds(own, options) && own.delayMs >= options.initialDelayMs;
        });
      }),
    );
  });

  it('never lets the delay fall from one attempt to the next where chance gives the same', () => {
    fc.assert(
      fc.property(backoffs, fc.integer({ min: 1, max: 2000 }), chance, (options, attempt, u) => {
        const of = (number: number): number =>
          delayAfter(options, { attempt: number, previousDelayMs: undefined, random: () => u }).delayMs;

        return of(attempt + 1) >= of(attempt);
      }),
    );
  });
});
