import { assert } from './contract-assert.js';
import {
  ContractKey,
  LONG_MS,
  newOwner,
  outcomeOf,
  SHORT_MS,
  SHORT_PASS_MS,
  type StoreContractCase,
} from './store-contract-world.js';

/** Sweeping, health, and calls that are given up. */
export const UPKEEP_CASES: readonly StoreContractCase[] = [
  {
    name: 'sweep: removes only what is over, a lease that is over not included',
    async run(world) {
      const { store } = world;
      const [over, silent, running] = [
        new ContractKey(store),
        new ContractKey(store),
        new ContractKey(store),
      ];
      const [completed, released] = [new ContractKey(store), new ContractKey(store)];
      await released.release((await released.acquire()).ownerId);
      await over.acquire({ leaseMs: 1, retentionMs: SHORT_MS });
      await silent.acquire({ leaseMs: SHORT_MS });
      await running.acquire();
      await completed.complete(await completed.acquire());
      await world.pass(SHORT_PASS_MS);

      const removed = await world.store.sweep(1_000);

      assert.ok(Number.isInteger(removed) && removed >= 0, `removed ${removed}`);
      assert.equal(await over.read(), undefined);
      assert.deepEqual(
        [(await silent.read())?.state, (await running.read())?.state],
        ['in-progress', 'in-progress'],
      );
      assert.equal((await completed.read())?.state, 'completed');
      assert.equal((await released.acquire()).attempts, 2);
    },
  },
  {
    name: 'sweep: answers what it removed, and not what it was asked for',
    async run({ store }) {
      const many = 1_000_000;

      assert.ok((await store.sweep(many)) < many);
      assert.ok((await store.sweep(many)) < many);
    },
  },
  {
    name: 'sweep: never removes more than it is asked to, and two at once do not fail',
    async run(world) {
      for (let count = 0; count < 5; count += 1) {
        await new ContractKey(world.store).acquire({ leaseMs: 1, retentionMs: SHORT_MS });
      }
      await world.pass(SHORT_PASS_MS);

      const [one, other] = await Promise.all([world.store.sweep(2), world.store.sweep(2)]);

      assert.ok(one <= 2 && other <= 2, `${one} and ${other}`);
    },
  },
  {
    name: 'ping: resolves',
    async run({ store }) {
      await store.ping();
    },
  },
  {
    name: 'waitForChange, where there is one, ends at the latest with its time or its signal',
    async run(world) {
      const { store } = world;
      if (store.waitForChange === undefined) return;
      const { storedKey } = new ContractKey(store);
      const timed = store.waitForChange(storedKey, SHORT_MS);
      const left = new AbortController();
      const waiting = store.waitForChange(storedKey, LONG_MS, { signal: left.signal });
      left.abort(new Error('left'));
      await world.pass(SHORT_PASS_MS);

      await timed;
      await waiting.catch(() => undefined);
    },
  },
  {
    name: 'every operation rejects with the reason of a signal that has aborted, and does nothing',
    async run({ store }) {
      const key = new ContractKey(store);
      const { storedKey } = key;
      const reason = new Error('nobody waits');
      const options = { signal: AbortSignal.abort(reason) };
      const claim = { ownerId: newOwner(), fence: '1', attempts: 1, recovered: false };
      const times = { leaseMs: LONG_MS, retentionMs: LONG_MS, recoveredRetentionMs: LONG_MS };
      const request = { storedKey, claim, fingerprint: '', outcome: outcomeOf('x'), ...claim, ...times };
      const calls = [
        () => store.begin(request, options),
        () => store.extend(request, options),
        () => store.complete(request, options),
        () => store.release(request, options),
        () => store.read(storedKey, options),
        () => store.forget(storedKey, options),
        () => store.sweep(1, options),
        () => store.ping(options),
      ];

      for (const call of calls) await assert.rejects(call, (error) => error === reason);
      assert.equal(await key.read(), undefined);
    },
  },
];
