import { assert } from './contract-assert.js';
import {
  ContractKey,
  lostClaim,
  OTHER_FINGERPRINT,
  replaced,
  SHORT_MS,
  SHORT_PASS_MS,
  type StoreContractCase,
} from './store-contract-world.js';

/** What becomes of a renewal. */
export const EXTEND_CASES: readonly StoreContractCase[] = [
  {
    name: 'extend: the owner keeps others busy',
    async run(world) {
      const key = new ContractKey(world.store);
      const claim = await key.acquire({ leaseMs: SHORT_MS });
      assert.equal(await key.extend(claim), 'ok');
      await world.pass(SHORT_PASS_MS);

      assert.equal((await key.begin()).kind, 'busy');
    },
  },
  {
    name: 'extend: an owner that nobody replaced renews a lease that is over',
    async run(world) {
      const key = new ContractKey(world.store);
      const claim = await key.acquireSilently(world);

      assert.equal(await key.extend(claim), 'ok');
      assert.equal((await key.begin()).kind, 'busy');
    },
  },
  {
    name: 'extend: renews the retention as well',
    async run(world) {
      const key = new ContractKey(world.store);
      const claim = await key.acquire({ leaseMs: 1, retentionMs: SHORT_PASS_MS * 4 });
      await key.extend(claim, { leaseMs: SHORT_MS });
      await world.pass(SHORT_PASS_MS * 5);

      assert.equal((await key.acquire()).attempts, 2);
    },
  },
  {
    name: 'extend: a replaced owner is fenced and changes nothing',
    async run(world) {
      const key = new ContractKey(world.store);
      const [old, current] = await replaced(key, world);

      assert.equal(await key.extend(old), 'fenced');
      assert.equal((await key.read())?.fence, current.fence);
      assert.equal(await key.complete(current), 'ok');
    },
  },
  {
    name: 'extend: a completed or released record is fenced, for its own claim too',
    async run({ store }) {
      const completed = new ContractKey(store);
      const released = new ContractKey(store);
      const [done, left] = [await completed.acquire(), await released.acquire()];
      await completed.complete(done);
      await released.release(left.ownerId);

      assert.equal(await completed.extend(done), 'fenced');
      assert.equal(await released.extend(left), 'fenced');
      assert.equal((await completed.read())?.state, 'completed');
      assert.equal((await released.read())?.state, 'released');
    },
  },
  {
    name: 'extend: a record that is gone is written anew with its fence, attempts and mark',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = lostClaim();

      assert.equal(await key.extend(claim), 'recreated');
      const view = await key.read();
      assert.deepEqual([view?.state, view?.fence], ['in-progress', claim.fence]);
      assert.deepEqual([view?.attempts, view?.recovered], [3, true]);
      assert.equal((await key.begin()).kind, 'busy');
      assert.equal((await key.begin({ fingerprint: OTHER_FINGERPRINT })).kind, 'mismatch');
      assert.equal(await key.complete(claim), 'ok');
    },
  },
];
