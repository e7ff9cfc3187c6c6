import { assert } from './contract-assert.js';
import {
  assertHigher,
  assertOutcome,
  ContractKey,
  LONG_MS,
  FINGERPRINT,
  OTHER_FINGERPRINT,
  outcomeOf,
  SHORT_MS,
  SHORT_PASS_MS,
  type StoreContractCase,
} from './store-contract-world.js';

/** What operators see and forget. */
export const OPERATOR_CASES: readonly StoreContractCase[] = [
  {
    name: 'read: an unknown key is nothing',
    async run({ store }) {
      assert.equal(await new ContractKey(store).read(), undefined);
    },
  },
  {
    name: 'read: shows state, attempts, fence, mark, times and outcome, and changes nothing (ID-62)',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      const running = await key.read();
      await key.complete(claim, outcomeOf('done', 'error'));
      const completed = await key.read();

      const { fence } = claim;
      const facts = { attempts: 1, recovered: false, fence };
      const { leaseLeftMs = 0, retentionLeftMs = 0, fingerprint = FINGERPRINT, ...rest } = { ...running };
      // May be left out.
      assert.equal(fingerprint, FINGERPRINT);
      assert.deepEqual(rest, { state: 'in-progress', ...facts });
      assert.ok(leaseLeftMs > 0 && leaseLeftMs <= LONG_MS, `${leaseLeftMs} ms of the lease`);
      assert.ok(retentionLeftMs > LONG_MS && retentionLeftMs <= LONG_MS * 2, `${retentionLeftMs} ms`);
      assert.equal(completed?.state, 'completed');
      assert.equal(completed?.leaseLeftMs, undefined);
      assertOutcome(completed?.outcome, outcomeOf('done', 'error'));
      assert.equal((await key.begin()).kind, 'completed');
    },
  },
  {
    name: 'read: a lease that is over has nothing left; a record whose retention is over is nothing',
    async run(world) {
      const [silent, over] = [new ContractKey(world.store), new ContractKey(world.store)];
      await silent.acquire({ leaseMs: SHORT_MS });
      await over.acquire({ leaseMs: 1, retentionMs: SHORT_MS });
      await world.pass(SHORT_PASS_MS);

      assert.ok(((await silent.read())?.leaseLeftMs ?? 1) <= 0);
      assert.equal(await over.read(), undefined);
    },
  },
  {
    name: 'forget: a completed key runs again with a higher fence, whatever the payload (ID-62)',
    async run({ store }) {
      const key = new ContractKey(store);
      const first = await key.acquire();
      await key.complete(first);

      assert.equal(await key.forget(), true);
      assert.equal((await key.read())?.state, 'released');
      const next = await key.acquire({ fingerprint: OTHER_FINGERPRINT });
      assertHigher(next.fence, first.fence);
      assert.equal(next.attempts, 2);
    },
  },
  {
    name: 'forget: a live owner is fenced and changes nothing (ID-62)',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();

      assert.equal(await key.forget(), true);
      assert.equal(await key.extend(claim), 'fenced');
      assert.equal(await key.complete(claim), 'fenced');
      assert.equal((await key.read())?.state, 'released');
    },
  },
  {
    name: 'forget: what has little retention left is remembered all the same',
    async run(world) {
      const key = new ContractKey(world.store);
      const claim = await key.acquire();
      await key.complete(claim, outcomeOf('done'), { retentionMs: 2_000 });
      await key.forget();

      assert.ok(((await key.read())?.retentionLeftMs ?? 0) > 2_000);
    },
  },
  {
    name: 'forget: what has more retention left than that keeps it',
    async run({ store }) {
      const key = new ContractKey(store);
      await key.complete(await key.acquire(), outcomeOf('done'), { retentionMs: LONG_MS * 10 });
      await key.forget();

      assert.ok(((await key.read())?.retentionLeftMs ?? 0) > LONG_MS);
    },
  },
  {
    name: 'forget: keeps the mark recovered',
    async run(world) {
      const key = new ContractKey(world.store);
      await key.acquireSilently(world);
      await key.complete(await key.acquire());
      await key.forget();

      const claim = await key.acquire();

      assert.deepEqual([claim.attempts, claim.recovered], [3, true]);
    },
  },
  {
    name: 'forget: an unknown key answers false, a released one true',
    async run({ store }) {
      const [unknown, released] = [new ContractKey(store), new ContractKey(store)];
      const claim = await released.acquire();
      await released.release(claim.ownerId, claim.fence);

      assert.equal(await unknown.forget(), false);
      assert.equal(await released.forget(), true);
      assert.equal(await unknown.read(), undefined);
    },
  },
];
