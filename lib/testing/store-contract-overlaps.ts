import { assert } from './contract-assert.js';
import type { Claim } from '../policies/idempotency/index.js';
import {
  assertHigher,
  ContractKey,
  outcomeOf,
  SHORT_MS,
  SHORT_PASS_MS,
  type StoreContractCase,
  type StoreContractWorld,
} from './store-contract-world.js';

/** Chances for two operations to meet; a store that decides in one step needs none. */
const TURNS = 10;

/** Claims whose lease is over. */
async function silentClaims(world: StoreContractWorld): Promise<readonly (readonly [ContractKey, Claim])[]> {
  const silent = await Promise.all(
    Array.from({ length: TURNS }, async () => {
      const key = new ContractKey(world.store);
      return [key, await key.acquire({ leaseMs: SHORT_MS })] as const;
    }),
  );
  await world.pass(SHORT_PASS_MS);
  return silent;
}

async function eachTurn(work: (key: ContractKey) => Promise<void>, { store }: StoreContractWorld) {
  for (let turn = 0; turn < TURNS; turn += 1) await work(new ContractKey(store));
}

/** What holds where two operations on one key overlap: one of them came first, and nothing is lost between. */
export const OVERLAP_CASES: readonly StoreContractCase[] = [
  {
    name: 'overlap: of a renewal and a takeover one wins, and the other is told',
    async run(world) {
      for (const [key, old] of await silentClaims(world)) {
        const [answer, begun] = await Promise.all([key.extend(old), key.begin()]);

        assert.ok(
          answer === 'ok' ? begun.kind === 'busy' : answer === 'fenced' && begun.kind === 'acquired',
          `extend answered ${answer}, begin ${begun.kind}`,
        );
        if (begun.kind === 'acquired') assert.equal(await key.extend(begun.claim), 'ok');
      }
    },
  },
  {
    name: 'overlap: a release never gives up the claim of whoever took over',
    async run(world) {
      for (const [key, { ownerId, fence }] of await silentClaims(world)) {
        const [answer, claim] = await Promise.all([key.release(ownerId, fence), key.acquire()]);

        assert.ok(answer === 'ok' || answer === 'fenced', `release answered ${answer}`);
        assert.equal(await key.extend(claim), 'ok', `after a release that answered ${answer}`);
      }
    },
  },
  {
    name: 'overlap: what is forgotten while it is taken over forgets no claim',
    async run(world) {
      for (const [key] of await silentClaims(world)) {
        const [isForgotten, claim] = await Promise.all([key.forget(), key.acquire()]);

        assert.equal(isForgotten, true);
        assert.equal(claim.attempts, 2);
        if ((await key.read())?.state === 'in-progress') continue;
        const next = await key.acquire();
        assert.equal(next.attempts, 3);
        assertHigher(next.fence, claim.fence);
      }
    },
  },
  {
    name: 'overlap: an outcome is not undone by a renewal or a release of its own claim',
    async run(world) {
      await eachTurn(async (key) => {
        const claim = await key.acquire();

        const [answer] = await Promise.all([
          key.complete(claim, outcomeOf('done')),
          key.extend(claim),
          key.extend(claim),
        ]);

        assert.equal(answer, 'ok');
        assert.equal((await key.begin()).kind, 'completed');
      }, world);
      await eachTurn(async (key) => {
        const claim = await key.acquire();

        const [answer, left] = await Promise.all([
          key.complete(claim),
          key.release(claim.ownerId, claim.fence),
        ]);

        const state = (await key.read())?.state;
        const isKept = answer === 'ok' && left === 'fenced' && state === 'completed';
        const isLeft = answer === 'fenced' && left === 'ok' && state === 'released';
        assert.ok(isKept || isLeft, `complete ${answer}, release ${left}: ${state}`);
      }, world);
    },
  },
  {
    name: 'overlap: whatever is forgotten while it is completed or renewed is released',
    async run(world) {
      await eachTurn(async (key) => {
        const claim = await key.acquire();

        const [isForgotten] = await Promise.all([key.forget(), key.extend(claim), key.complete(claim)]);

        assert.equal(isForgotten, true);
        assert.equal((await key.read())?.state, 'released');
      }, world);
    },
  },
  {
    name: 'overlap: a sweep never removes a record that was claimed anew meanwhile',
    async run(world) {
      const keys = Array.from({ length: TURNS }, () => new ContractKey(world.store));
      await Promise.all(keys.map((key) => key.acquire({ leaseMs: 1, retentionMs: SHORT_MS })));
      await world.pass(SHORT_PASS_MS);

      const [, ...claims] = await Promise.all([
        world.store.sweep(1_000),
        ...keys.map((key) => key.acquire()),
      ]);

      for (const [index, key] of keys.entries()) {
        assert.equal(await key.extend(claims[index] ?? assert.fail()), 'ok');
      }
    },
  },
];
