import { assert } from './contract-assert.js';
import {
  assertOutcome,
  ContractKey,
  lostClaim,
  OTHER_FINGERPRINT,
  outcomeOf,
  replaced,
  type StoreContractCase,
} from './store-contract-world.js';

/** What becomes of an outcome. */
export const COMPLETE_CASES: readonly StoreContractCase[] = [
  {
    name: 'complete: keeps kind, metadata and every byte of the body',
    async run({ store }) {
      const body = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
      for (const kind of ['wire', 'value', 'error', 'tombstone'] as const) {
        const key = new ContractKey(store);
        const outcome = { kind, metadata: '{"name":"\\u0000 é 中 😀"}', body };
        assert.equal(await key.complete(await key.acquire(), outcome), 'ok');

        const answer = await key.begin();

        assertOutcome(answer.kind === 'completed' ? answer.outcome : undefined, outcome);
      }
    },
  },
  {
    name: 'complete: keeps a body of a mebibyte and long metadata whole',
    async run({ store }) {
      const key = new ContractKey(store);
      const body = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 31) % 256);
      const outcome = { kind: 'wire', metadata: JSON.stringify('h'.repeat(32_768)), body } as const;
      assert.equal(await key.complete(await key.acquire(), outcome), 'ok');

      const kept = (await key.read())?.outcome;

      assert.equal(kept?.metadata, outcome.metadata);
      assert.equal(Buffer.from(body).equals(kept?.body ?? Buffer.of()), true);
    },
  },
  {
    name: 'complete: an empty body and empty metadata come back empty',
    async run({ store }) {
      const key = new ContractKey(store);
      const outcome = { kind: 'wire', metadata: '', body: new Uint8Array(0) } as const;
      await key.complete(await key.acquire(), outcome);

      const answer = await key.begin();

      assertOutcome(answer.kind === 'completed' ? answer.outcome : undefined, outcome);
    },
  },
  {
    name: 'complete: bytes that are changed afterwards change no record',
    async run({ store }) {
      const key = new ContractKey(store);
      const body = Uint8Array.of(1, 2, 3);
      await key.complete(await key.acquire(), { kind: 'value', metadata: 'm', body });
      body.fill(0);
      const first = await key.begin();
      if (first.kind === 'completed') first.outcome.body.fill(0);

      const second = await key.begin();

      assertOutcome(second.kind === 'completed' ? second.outcome : undefined, {
        kind: 'value',
        metadata: 'm',
        body: Uint8Array.of(1, 2, 3),
      });
    },
  },
  {
    name: 'complete: sent again by the same claim it answers ok, and the first outcome stays (ID-05)',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      assert.equal(await key.complete(claim, outcomeOf('first')), 'ok');

      assert.equal(await key.complete(claim, outcomeOf('second')), 'ok');
      assertOutcome((await key.read())?.outcome, outcomeOf('first'));
    },
  },
  {
    name: 'complete: a late owner that nobody replaced completes (ID-15)',
    async run(world) {
      const key = new ContractKey(world.store);
      const claim = await key.acquireSilently(world);

      assert.equal(await key.complete(claim), 'ok');
      assert.equal((await key.begin()).kind, 'completed');
    },
  },
  {
    name: 'complete: a replaced owner is fenced, before and after the new one has completed',
    async run(world) {
      const key = new ContractKey(world.store);
      const [old, current] = await replaced(key, world);

      assert.equal(await key.complete(old, outcomeOf('old')), 'fenced');
      assert.equal(await key.complete(current, outcomeOf('current')), 'ok');
      assert.equal(await key.complete(old, outcomeOf('old')), 'fenced');
      assertOutcome((await key.read())?.outcome, outcomeOf('current'));
    },
  },
  {
    name: 'complete: the right owner with another fence is fenced',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      const other = { ...claim, fence: String(BigInt(claim.fence) + 1n) };

      assert.equal(await key.complete(other), 'fenced');
      assert.equal(await key.extend(other), 'fenced');
      assert.equal(await key.release(claim.ownerId, other.fence), 'fenced');
      assert.equal(await key.complete(claim), 'ok');
    },
  },
  {
    name: 'complete: a released record is fenced and stays released',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();
      await key.release(claim.ownerId, claim.fence);

      assert.equal(await key.complete(claim), 'fenced');
      assert.equal((await key.read())?.state, 'released');
    },
  },
  {
    name: 'complete: a record that is gone is written anew, and sent again it is ok',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = lostClaim();

      assert.equal(await key.complete(claim), 'recreated');
      assert.equal(await key.complete(claim, outcomeOf('second')), 'ok');
      const view = await key.read();
      assert.deepEqual([view?.state, view?.fence], ['completed', claim.fence]);
      assertOutcome(view?.outcome, outcomeOf('done'));
      assert.equal((await key.begin({ fingerprint: OTHER_FINGERPRINT })).kind, 'mismatch');
    },
  },
];
