import { assert } from './contract-assert.js';
import type { RecordView } from '../policies/idempotency/index.js';
import {
  ContractKey,
  FINGERPRINT,
  LONG_MS,
  lostClaim,
  newOwner,
  outcomeOf,
  SHORT_MS,
  SHORT_PASS_MS,
  type StoreContractCase,
} from './store-contract-world.js';

/** Times that would be seen if something that changes nothing had written them. */
const FAR = { leaseMs: LONG_MS * 10, retentionMs: LONG_MS * 20 };

async function seen(key: ContractKey): Promise<RecordView> {
  return (await key.read()) ?? assert.fail('there is no record');
}

/** The same record, with no more time left than before. */
function assertUntouched(after: RecordView, before: RecordView): void {
  const { leaseLeftMs: lease = 0, retentionLeftMs: retention, outcome: _, ...facts } = after;
  const { leaseLeftMs: leaseOnce = 0, retentionLeftMs: retentionOnce, outcome: __, ...factsOnce } = before;
  assert.deepEqual(facts, factsOnce);
  assert.ok(lease <= leaseOnce, `the lease grew from ${leaseOnce} to ${lease} ms`);
  assert.ok(retention <= retentionOnce, `the retention grew from ${retentionOnce} to ${retention} ms`);
}

/** What leaves a record as it is: its times above all, on which every later answer hangs. */
export const UNCHANGED_CASES: readonly StoreContractCase[] = [
  {
    name: 'unchanged: a busy begin and a read give an owner no more time',
    async run({ store }) {
      const key = new ContractKey(store);
      await key.acquire();
      const before = await seen(key);

      assert.equal((await key.begin(FAR)).kind, 'busy');

      assertUntouched(await seen(key), before);
      assertUntouched(await seen(key), before);
    },
  },
  {
    name: 'unchanged: a replay keeps an outcome no longer, and neither does a second complete',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      await key.complete(claim);
      const before = await seen(key);

      assert.equal((await key.begin(FAR)).kind, 'completed');
      assert.equal(await key.complete(claim, outcomeOf('again'), FAR), 'ok');

      assertUntouched(await seen(key), before);
    },
  },
  {
    name: 'unchanged: a release that comes again keeps a released record no longer',
    async run({ store }) {
      const key = new ContractKey(store);
      const { ownerId, fence } = await key.acquire();
      await key.release(ownerId, fence);
      const before = await seen(key);

      const times = { retentionMs: FAR.retentionMs, recoveredRetentionMs: FAR.retentionMs };
      assert.equal(await key.release(ownerId, fence, times), 'ok');

      assertUntouched(await seen(key), before);
    },
  },
  {
    name: 'unchanged: the right fence of another owner is fenced in every operation',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      const stranger = { ...claim, ownerId: newOwner() };
      const before = await seen(key);

      assert.equal(await key.extend(stranger, FAR), 'fenced');
      assert.equal(await key.complete(stranger), 'fenced');
      assert.equal(await key.release(stranger.ownerId, claim.fence), 'fenced');

      assertUntouched(await seen(key), before);
      assert.equal(await key.complete(claim), 'ok');
      assert.equal(await key.complete(stranger, outcomeOf('of another')), 'fenced');
    },
  },
  {
    name: 'unchanged: keys that differ in one digit are two records',
    async run({ store }) {
      const key = new ContractKey(store);
      const last = key.storedKey.endsWith('0') ? '1' : '0';
      const neighbour = new ContractKey(store, `${key.storedKey.slice(0, -1)}${last}`);
      await key.complete(await key.acquire());

      assert.equal(await neighbour.read(), undefined);
      assert.equal((await neighbour.acquire()).attempts, 1);
      assert.equal((await key.begin()).kind, 'completed');
    },
  },
  {
    name: 'unchanged: what is no transaction of the store is refused, and nothing is kept',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      const { storedKey } = key;
      const request = { storedKey, claim, fingerprint: FINGERPRINT, retentionMs: LONG_MS };

      await assert.rejects(
        async () => store.complete({ ...request, outcome: outcomeOf('x') }, { transaction: {} }),
        (error) => error instanceof Error,
      );

      assert.equal((await key.read())?.state, 'in-progress');
    },
  },
  {
    name: 'absent: a record whose retention is over is gone for every operation',
    async run(world) {
      const over = async (): Promise<readonly [ContractKey, Awaited<ReturnType<ContractKey['acquire']>>]> => {
        const key = new ContractKey(world.store);
        return [key, await key.acquire({ leaseMs: 1, retentionMs: SHORT_MS })];
      };
      const [[one, extended], [two, completed], [three, released], [four]] = [
        await over(),
        await over(),
        await over(),
        await over(),
      ];
      await world.pass(SHORT_PASS_MS);

      assert.equal(await one.extend(extended), 'recreated');
      assert.equal(await two.complete(completed), 'recreated');
      assert.equal(await three.release(released.ownerId, released.fence), 'gone');
      assert.equal(await four.forget(), false);
    },
  },
  {
    name: 'absent: what is written anew has the claim and the times that were asked for',
    async run({ store }) {
      const [running, done] = [new ContractKey(store), new ContractKey(store)];
      await running.extend(lostClaim(), { leaseMs: LONG_MS, retentionMs: LONG_MS * 2 });
      await done.complete(lostClaim(), outcomeOf('done'), { retentionMs: LONG_MS });

      const [progress, completed] = [await seen(running), await seen(done)];
      const { leaseLeftMs = 0, retentionLeftMs } = progress;
      assert.ok(leaseLeftMs > 0 && leaseLeftMs <= LONG_MS, `${leaseLeftMs} ms of the lease`);
      assert.ok(retentionLeftMs > LONG_MS && retentionLeftMs <= LONG_MS * 2, `${retentionLeftMs} ms`);
      assert.deepEqual([completed.attempts, completed.recovered], [3, true]);
      assert.ok(completed.retentionLeftMs <= LONG_MS, `${completed.retentionLeftMs} ms`);
    },
  },
];
