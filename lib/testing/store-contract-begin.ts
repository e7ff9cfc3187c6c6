import { assert } from './contract-assert.js';
import {
  assertHigher,
  assertOutcome,
  ContractKey,
  LONG_MS,
  newOwner,
  OTHER_FINGERPRINT,
  outcomeOf,
  type StoreContractCase,
} from './store-contract-world.js';

/** What begin answers: the rows of the decision table, from the top. */
export const BEGIN_CASES: readonly StoreContractCase[] = [
  {
    name: 'begin: an absent key is acquired as the first claim',
    async run({ store }) {
      const answer = await new ContractKey(store).begin({ ownerId: 'owner-of-this-case' });

      assert.equal(answer.kind, 'acquired');
      if (answer.kind !== 'acquired') return;
      const { fence, ...others } = answer.claim;
      assert.match(fence, /^\d+$/);
      assert.deepEqual(others, { ownerId: 'owner-of-this-case', attempts: 1, recovered: false });
      assert.equal(answer.tookOver, false);
    },
  },
  {
    name: 'begin: a released key is acquired with a higher fence, whatever the fingerprint',
    async run({ store }) {
      const key = new ContractKey(store);
      const first = await key.acquire();
      await key.release(first.ownerId, first.fence);

      const answer = await key.begin({ fingerprint: OTHER_FINGERPRINT });

      assert.equal(answer.kind, 'acquired');
      if (answer.kind !== 'acquired') return;
      assertHigher(answer.claim.fence, first.fence);
      assert.equal(answer.claim.attempts, 2);
      assert.equal(answer.claim.recovered, false);
      assert.equal(answer.tookOver, false);
    },
  },
  {
    name: 'begin: a completed key gives its outcome, every time the same',
    async run({ store }) {
      const key = new ContractKey(store);
      const outcome = outcomeOf('the answer');
      await key.complete(await key.acquire(), outcome);

      for (let turn = 0; turn < 3; turn += 1) {
        const answer = await key.begin();

        assert.equal(answer.kind, 'completed');
        if (answer.kind !== 'completed') return;
        assertOutcome(answer.outcome, outcome);
        assert.equal(answer.compared, true);
      }
    },
  },
  {
    name: 'begin: a completed key with another payload is a mismatch',
    async run({ store }) {
      const key = new ContractKey(store);
      await key.complete(await key.acquire());

      const answer = await key.begin({ fingerprint: OTHER_FINGERPRINT });

      assert.deepEqual(answer, { kind: 'mismatch', state: 'completed' });
    },
  },
  {
    name: 'begin: sent again by the owner it gives the same claim and renews lease and retention',
    async run(world) {
      const key = new ContractKey(world.store);
      const ownerId = newOwner();
      const first = await key.acquireSilently(world, { ownerId, retentionMs: LONG_MS });

      const again = await key.begin({ ownerId });

      assert.deepEqual(again, { kind: 'acquired', claim: first, tookOver: false });
      assert.ok(((await key.read())?.retentionLeftMs ?? 0) > LONG_MS);
      assert.equal((await key.begin()).kind, 'busy');
    },
  },
  {
    name: 'begin: sent again by the owner the fingerprint is not asked for',
    async run({ store }) {
      const key = new ContractKey(store);
      const ownerId = newOwner();
      const first = await key.acquire({ ownerId });

      const again = await key.begin({ ownerId, fingerprint: OTHER_FINGERPRINT });

      assert.deepEqual(again, { kind: 'acquired', claim: first, tookOver: false });
      assert.equal((await key.begin({ fingerprint: OTHER_FINGERPRINT })).kind, 'mismatch');
    },
  },
  {
    name: 'begin: another payload is a mismatch and not busy while the lease runs',
    async run({ store }) {
      const key = new ContractKey(store);
      await key.acquire();

      const answer = await key.begin({ fingerprint: OTHER_FINGERPRINT });

      assert.deepEqual(answer, { kind: 'mismatch', state: 'in-progress' });
    },
  },
  {
    name: 'begin: another payload never takes over',
    async run(world) {
      const key = new ContractKey(world.store);
      const claim = await key.acquireSilently(world);

      const answer = await key.begin({ fingerprint: OTHER_FINGERPRINT });

      assert.deepEqual(answer, { kind: 'mismatch', state: 'in-progress' });
      assert.equal(await key.complete(claim), 'ok');
    },
  },
  {
    name: 'begin: another owner is busy and told how long the lease still runs',
    async run({ store }) {
      const key = new ContractKey(store);
      await key.acquire({ leaseMs: LONG_MS });

      const answer = await key.begin();

      assert.equal(answer.kind, 'busy');
      if (answer.kind !== 'busy') return;
      assert.ok(answer.leaseLeftMs > 0 && answer.leaseLeftMs <= LONG_MS, `${answer.leaseLeftMs} ms left`);
    },
  },
  {
    name: 'begin: after the lease another owner takes over with a higher fence',
    async run(world) {
      const key = new ContractKey(world.store);
      const first = await key.acquireSilently(world);

      const answer = await key.begin();

      assert.equal(answer.kind, 'acquired');
      if (answer.kind !== 'acquired') return;
      assertHigher(answer.claim.fence, first.fence);
      assert.equal(answer.claim.attempts, 2);
      assert.equal(answer.claim.recovered, true);
      assert.equal(answer.tookOver, true);
    },
  },
];
