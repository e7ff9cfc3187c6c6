import { assert } from './contract-assert.js';
import type { BeginAnswer, Claim } from '../policies/idempotency/index.js';
import {
  assertHigher,
  assertOutcome,
  ContractKey,
  newOwner,
  outcomeOf,
  SHORT_MS,
  SHORT_PASS_MS,
  type StoreContractCase,
} from './store-contract-world.js';

const RIVALS = 50;

function begins(key: ContractKey): Promise<readonly BeginAnswer[]> {
  return Promise.all(Array.from({ length: RIVALS }, () => key.begin()));
}

/** The claim of the only winner. */
function winnerOf(answers: readonly BeginAnswer[]): Claim {
  const claims = answers.flatMap((answer) => (answer.kind === 'acquired' ? [answer.claim] : []));
  const [winner] = claims;
  assert.equal(claims.length, 1, `${claims.length} of ${answers.length} rivals were acquired`);
  return winner ?? assert.fail();
}

/** What holds when many come at once. */
export const RACE_CASES: readonly StoreContractCase[] = [
  {
    name: 'race: of many begins for an absent key exactly one is acquired, the others are busy (ID-01)',
    async run({ store }) {
      const answers = await begins(new ContractKey(store));

      winnerOf(answers);
      assert.equal(answers.filter((answer) => answer.kind === 'busy').length, RIVALS - 1);
    },
  },
  {
    name: 'race: when the winner completes at once the others are busy or get its outcome (ID-01)',
    async run({ store }) {
      const key = new ContractKey(store);
      const outcome = outcomeOf('the winner');
      const answers = await Promise.all(
        Array.from({ length: RIVALS }, async () => {
          const answer = await key.begin();
          if (answer.kind === 'acquired') assert.equal(await key.complete(answer.claim, outcome), 'ok');
          return answer;
        }),
      );

      winnerOf(answers);
      for (const answer of answers) {
        assert.ok(['acquired', 'busy', 'completed'].includes(answer.kind), answer.kind);
        if (answer.kind === 'completed') assertOutcome(answer.outcome, outcome);
      }
    },
  },
  {
    name: 'race: exactly one takes over a claim that ended in silence (ID-03)',
    async run(world) {
      const key = new ContractKey(world.store);
      const old = await key.acquireSilently(world, { leaseMs: 1 });

      const winner = winnerOf(await begins(key));

      assert.deepEqual([winner.attempts, winner.recovered], [2, true]);
      assertHigher(winner.fence, old.fence);
    },
  },
  {
    name: 'race: exactly one becomes the owner of a released key',
    async run({ store }) {
      const key = new ContractKey(store);
      const old = await key.acquire();
      await key.release(old.ownerId, old.fence);

      const winner = winnerOf(await begins(key));

      assert.deepEqual([winner.attempts, winner.recovered], [2, false]);
    },
  },
  {
    name: 'race: when retention is over exactly one runs, as the first (ID-56)',
    async run(world) {
      const key = new ContractKey(world.store);
      await key.complete(await key.acquire(), outcomeOf('old'), { retentionMs: SHORT_MS });
      await world.pass(SHORT_PASS_MS);

      const winner = winnerOf(await begins(key));

      assert.deepEqual([winner.attempts, winner.recovered], [1, false]);
    },
  },
  {
    name: 'race: one begin that is sent many times is one claim',
    async run({ store }) {
      const key = new ContractKey(store);
      const ownerId = newOwner();

      const answers = await Promise.all(Array.from({ length: 10 }, () => key.begin({ ownerId })));

      const fences = answers.map((answer) => (answer.kind === 'acquired' ? answer.claim.fence : answer.kind));
      assert.equal(new Set(fences).size, 1, fences.join(' '));
    },
  },
  {
    name: 'race: of a completion and a takeover one wins, and the other is told',
    async run(world) {
      for (let turn = 0; turn < 10; turn += 1) {
        const key = new ContractKey(world.store);
        const old = await key.acquireSilently(world);

        const [answer, begun] = await Promise.all([key.complete(old, outcomeOf('old')), key.begin()]);

        const said = `complete answered ${answer}, begin ${begun.kind}`;
        if (answer === 'fenced') assert.equal(begun.kind, 'acquired', said);
        else assert.ok(answer === 'ok' && begun.kind !== 'acquired', said);
        // A begin that meets a record which is just being written may answer that it is under way.
        const after = answer === 'ok' ? 'completed' : 'busy';
        assert.equal((await key.begin()).kind, after, said);
      }
    },
  },
  {
    name: 'race: of an outcome that is sent many times one is kept, and every answer is ok',
    async run({ store }) {
      const key = new ContractKey(store);
      const claim = await key.acquire();

      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => key.complete(claim, outcomeOf(`answer ${index}`))),
      );

      assert.deepEqual(new Set(answers), new Set(['ok']));
      const kept = (await key.read())?.outcome;
      const again = await key.begin();
      assert.ok(kept !== undefined && again.kind === 'completed');
      assertOutcome(again.outcome, kept);
    },
  },
  {
    name: 'fences grow with every claim of a key, over releases, takeovers and forgetting',
    async run(world) {
      const key = new ContractKey(world.store);
      let last = await key.acquire();
      for (const end of ['release', 'silence', 'forget', 'release', 'forget', 'silence']) {
        if (end === 'release') await key.release(last.ownerId, last.fence);
        if (end === 'forget') await key.forget();
        if (end === 'silence') await key.extend(last, { leaseMs: SHORT_MS });
        if (end === 'silence') await world.pass(SHORT_PASS_MS);

        const next = await key.acquire();

        assertHigher(next.fence, last.fence);
        assert.equal(next.attempts, last.attempts + 1);
        last = next;
      }
    },
  },
  {
    name: 'fences grow beyond one that came from elsewhere, and beyond 2^53 (ID-16)',
    async run(world) {
      const key = new ContractKey(world.store);
      const fence = '9007199254740993123';
      const claim = { ownerId: newOwner(), fence, attempts: 1, recovered: false };
      assert.equal(await key.extend(claim, { leaseMs: SHORT_MS }), 'recreated');
      await world.pass(SHORT_PASS_MS);

      assertHigher((await key.acquire()).fence, fence);
    },
  },
];
