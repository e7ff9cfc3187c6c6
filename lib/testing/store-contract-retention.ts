import { assert } from './contract-assert.js';
import {
  assertHigher,
  ContractKey,
  FINGERPRINT,
  OTHER_FINGERPRINT,
  outcomeOf,
  SHORT_MS,
  SHORT_PASS_MS,
  type StoreContractCase,
} from './store-contract-world.js';

/** What begin compares, remembers and leaves alone. */
export const RETENTION_CASES: readonly StoreContractCase[] = [
  {
    name: 'begin: the mark recovered stays, after releases too',
    async run(world) {
      const key = new ContractKey(world.store);
      await key.acquireSilently(world);

      for (const attempts of [2, 3, 4]) {
        const claim = await key.acquire();

        assert.equal(claim.recovered, true);
        assert.equal(claim.attempts, attempts);
        await key.release(claim.ownerId, claim.fence);
      }
    },
  },
  {
    name: 'begin: fingerprints with different version tags count as the same, uncompared',
    async run(world) {
      const key = new ContractKey(world.store);
      const claim = await key.acquireSilently(world, { fingerprint: 'v1:abc' });
      const newer = await key.begin({ fingerprint: 'v2:abc' });
      assert.equal(newer.kind, 'acquired');
      if (newer.kind !== 'acquired') return;
      assertHigher(newer.claim.fence, claim.fence);
      await key.complete(newer.claim, outcomeOf('newer'), { fingerprint: 'v2:abc' });

      const older = await key.begin({ fingerprint: 'v1:xyz' });

      assert.equal(older.kind === 'completed' && !older.compared, true);
      assert.equal((await key.begin({ fingerprint: 'v2:xyz' })).kind, 'mismatch');
    },
  },
  {
    name: 'begin: an empty fingerprint compares with nothing',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire({ fingerprint: '' });
      assert.equal((await key.begin()).kind, 'busy');
      await key.complete(claim, outcomeOf('done'), { fingerprint: '' });

      const answer = await key.begin();

      assert.equal(answer.kind === 'completed' && !answer.compared, true);
    },
  },
  {
    name: 'begin: when retention is over the key is new again',
    async run(world) {
      const key = new ContractKey(world.store);
      const first = await key.acquireSilently(world);
      await key.complete(await key.acquire(), outcomeOf('old'), { retentionMs: SHORT_MS });
      await world.pass(SHORT_PASS_MS);

      const claim = await key.acquire({ fingerprint: OTHER_FINGERPRINT });

      assert.equal(claim.attempts, 1);
      assert.equal(claim.recovered, false);
      assert.notEqual(claim.fence, first.fence);
    },
  },
  {
    name: 'begin: a record in progress whose retention is over is absent',
    async run(world) {
      const key = new ContractKey(world.store);
      await key.acquireSilently(world, { leaseMs: 1, retentionMs: SHORT_MS });

      const claim = await key.acquire({ fingerprint: OTHER_FINGERPRINT });

      assert.deepEqual([claim.attempts, claim.recovered], [1, false]);
    },
  },
  {
    name: 'begin: what is refused or replayed changes nothing',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      const before = await key.read();
      await key.begin();
      await key.begin({ fingerprint: OTHER_FINGERPRINT });
      const { fingerprint = FINGERPRINT, ...view } = { ...(await key.read()) };
      const { leaseLeftMs: _, retentionLeftMs: __, ...after } = view;

      assert.deepEqual(after, { state: 'in-progress', attempts: 1, recovered: false, fence: claim.fence });
      assert.equal(fingerprint, FINGERPRINT);
      assert.ok(before !== undefined && before.state === 'in-progress');
      assert.equal(await key.complete(claim), 'ok');
    },
  },
];
