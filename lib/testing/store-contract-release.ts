import { assert } from './contract-assert.js';
import {
  assertHigher,
  ContractKey,
  newOwner,
  replaced,
  SHORT_MS,
  SHORT_PASS_MS,
  type StoreContractCase,
} from './store-contract-world.js';

/** What becomes of a claim that is given up. */
export const RELEASE_CASES: readonly StoreContractCase[] = [
  {
    name: 'release: the owner alone is enough, and no other owner can',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();

      assert.equal(await key.release(newOwner()), 'fenced');
      assert.equal((await key.begin()).kind, 'busy');
      assert.equal(await key.release(claim.ownerId), 'ok');
      assert.equal(await key.release(claim.ownerId, claim.fence), 'ok');
      assertHigher((await key.acquire()).fence, claim.fence);
    },
  },
  {
    name: 'release: a completed record is fenced and stays, for its own owner too (ID-06)',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      await key.complete(claim);

      assert.equal(await key.release(claim.ownerId, claim.fence), 'fenced');
      assert.equal((await key.begin()).kind, 'completed');
    },
  },
  {
    name: 'release: a replaced owner is fenced',
    async run(world) {
      const key = new ContractKey(world.store);
      const [old, current] = await replaced(key, world);

      assert.equal(await key.release(old.ownerId, old.fence), 'fenced');
      assert.equal((await key.begin()).kind, 'busy');
      assert.equal(await key.complete(current), 'ok');
    },
  },
  {
    name: 'release: a key without a record is gone, and none is made',
    async run({ store }) {
      const key = new ContractKey(store);

      assert.equal(await key.release(newOwner(), '1'), 'gone');
      assert.equal(await key.read(), undefined);
      assert.equal((await key.acquire()).attempts, 1);
    },
  },
  {
    name: 'release: a plain one is kept for its retention, a recovered one for the other',
    async run(world) {
      const [plain, recovered] = [new ContractKey(world.store), new ContractKey(world.store)];
      const [first, [, second]] = [await plain.acquire(), await replaced(recovered, world)];
      await plain.release(first.ownerId, first.fence, { retentionMs: SHORT_MS });
      await recovered.release(second.ownerId, second.fence, { retentionMs: SHORT_MS });
      await world.pass(SHORT_PASS_MS);

      assert.equal((await plain.acquire()).attempts, 1);
      const third = await recovered.acquire();
      assert.deepEqual([third.attempts, third.recovered], [3, true]);
    },
  },
];
