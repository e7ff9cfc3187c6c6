import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type OwnDelay, delayAfter } from '../../lib/policies/retry/backoff.js';
import type { ResolvedBackoffOptions } from '../../lib/policies/retry/index.js';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const backoffs: fc.Arbitrary<ResolvedBackoffOptions> = fc
  .record({
    type: fc.constantFrom('fixed', 'linear', 'exponential', 'decorrelated', 'delays'),
    bounds: fc.tuple(fc.nat(1_000_000_000), fc.nat(1_000_000_000)),
    minDelayMs: fc.oneof(fc.constant(0), fc.nat(1_000_000_000)),
    incrementMs: fc.double({ min: 0, max: 1e300, noNaN: true }),
    // Ascending, so that the law of delays that never fall is theirs too.
    delaysMs: fc.array(fc.nat(1_000_000_000), { minLength: 1 }).map((list) => list.sort((a, b) => a - b)),
    multiplier: fc.double({ min: 1, max: 1e9, noNaN: true }),
    jitter: fc.oneof(
      fc.constantFrom('none', 'full', 'equal', 'additive'),
      fc.double({ min: 0, max: 1, noNaN: true }),
    ),
  })
  .map(({ bounds, minDelayMs, ...others }) => ({
    ...others,
    initialDelayMs: Math.min(...bounds),
    maxDelayMs: Math.max(...bounds),
    minDelayMs: Math.min(minDelayMs, ...bounds),
  }));

function isWithinBounds({ delayMs, randomMs }: OwnDelay, options: ResolvedBackoffOptions): boolean {
  const { minDelayMs, maxDelayMs } = options;
  const isBetween = delayMs >= minDelayMs && delayMs <= maxDelayMs;
  return isBetween && randomMs >= 0 && randomMs <= (delayMs - minDelayMs) * (1 + 1e-9) + 1e-6;
}

describe('laws of backoff', () => {
  it('keeps every delay a finite number from minDelay to maxDelay, jitter included, and chance a part of it', () => {
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
