import { describe, it } from '@jest/globals';
import { MemoryIdempotencyStore } from '../../lib/policies/idempotency/index.js';
import { IDEMPOTENCY_STORE_CONTRACT } from '../../lib/testing/idempotency-store-contract.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

describe('the contract of idempotency stores: memory', () => {
  for (const { name, run } of IDEMPOTENCY_STORE_CONTRACT) {
    // oxlint-disable-next-line jest/expect-expect -- the case asserts by itself
    it(name, async () => {
      const clock = new ManualClock();

      await run({
        store: new MemoryIdempotencyStore({ clock }),
        pass: (milliseconds) => clock.advance(milliseconds),
      });
    });
  }
});
