import { assert } from './contract-assert.js';
import {
  type Claim,
  decideBegin,
  decideComplete,
  decideExtend,
  decideForget,
  decideRelease,
  type Decision,
  type IdempotencyRecord,
  type RecordView,
  viewOf,
} from '../policies/idempotency/index.js';
import {
  assertHigher,
  assertOutcome,
  ContractKey,
  LONG_MS,
  newOwner,
  outcomeOf,
  SHORT_MS,
  SHORT_PASS_MS,
  type StoreContractCase,
  type StoreContractWorld,
} from './store-contract-world.js';

/** Numbers that look random and are the same in every run. */
class Dice {
  constructor(private state: number) {}

  /** A whole number from 0, below the limit. */
  below(limit: number): number {
    // Numerical Recipes' linear congruential generator; its high bits are the good ones.
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)] ?? assert.fail('nothing to choose from');
  }
}

/** What the store and the model each call the same claim. */
interface ClaimPair {
  readonly real: Claim;
  readonly model: Claim;
}

const LEASES = [SHORT_MS, LONG_MS] as const;

/**
 * One key of the store beside the decision table as a function. Short times are always ended before the next
 * step, so both agree on what is over although their clocks do not.
 */
class Duel {
  private readonly key: ContractKey;
  private record: IdempotencyRecord | undefined;
  private nowMs = 0;
  private lastFence = 0;
  private readonly claims: ClaimPair[] = [];
  readonly steps: string[] = [];

  constructor(
    private readonly world: StoreContractWorld,
    private readonly dice: Dice,
  ) {
    this.key = new ContractKey(world.store);
  }

  async step(): Promise<void> {
    const { dice } = this;
    const name = dice.oneOf(['begin', 'begin', 'begin', 'extend', 'complete', 'release', 'forget'] as const);
    const before = this.steps.length;
    const pair = this.claims.length > 0 ? dice.oneOf(this.claims.slice(-3)) : undefined;
    if (name === 'begin') await this.begin(pair);
    else if (name === 'forget') await this.forget();
    else if (pair !== undefined) await this[name](pair);
    if (this.steps.length > before) await this.settle();
  }

  private async begin(pair: ClaimPair | undefined): Promise<void> {
    const { dice } = this;
    const ownerId = pair !== undefined && dice.below(5) === 0 ? pair.real.ownerId : newOwner();
    const fingerprint = dice.oneOf(['v1:a', 'v1:a', 'v1:a', 'v1:b', 'v2:a', '']);
    const leaseMs = dice.oneOf(LEASES);
    const request = { ownerId, fingerprint, leaseMs, retentionMs: LONG_MS * 2 };
    const real = await this.key.begin(request);
    const { storedKey } = this.key;
    const model = this.decide(
      decideBegin(
        this.record,
        { storedKey, ...request },
        { nowMs: this.nowMs, nextFence: () => this.fence() },
      ),
    );
    this.note(`begin by ${ownerId.slice(0, 4)} with "${fingerprint}", ${leaseMs} ms`, real.kind, model.kind);
    if (real.kind === 'acquired' && model.kind === 'acquired') {
      const { fence, ...others } = real.claim;
      const { fence: _, ...expected } = model.claim;
      assert.deepEqual({ ...others, tookOver: real.tookOver }, { ...expected, tookOver: model.tookOver });
      this.remember({ real: real.claim, model: model.claim }, fence);
    }
    if (real.kind === 'completed' && model.kind === 'completed') {
      assertOutcome(real.outcome, model.outcome);
      assert.equal(real.compared, model.compared);
    }
    if (real.kind === 'mismatch' && model.kind === 'mismatch') assert.equal(real.state, model.state);
  }

  private remember(pair: ClaimPair, fence: string): void {
    const known = this.claims.find(({ model }) => model.fence === pair.model.fence);
    if (known !== undefined)
      return assert.equal(fence, known.real.fence, 'a begin sent again keeps its fence');
    const last = this.claims.at(-1);
    if (last !== undefined) assertHigher(fence, last.real.fence);
    this.claims.push(pair);
  }

  private async extend(pair: ClaimPair): Promise<void> {
    const leaseMs = this.dice.oneOf(LEASES);
    const real = await this.key.extend(pair.real, { leaseMs });
    const { storedKey } = this.key;
    const request = { storedKey, claim: pair.model, fingerprint: 'v1:a', leaseMs, retentionMs: LONG_MS * 2 };
    this.note(
      `extend ${pair.model.fence}`,
      real,
      this.decide(decideExtend(this.record, request, this.nowMs)),
    );
  }

  private async complete(pair: ClaimPair): Promise<void> {
    const outcome = outcomeOf(`step ${this.steps.length}`);
    const real = await this.key.complete(pair.real, outcome);
    const { storedKey } = this.key;
    const request = { storedKey, claim: pair.model, fingerprint: 'v1:a', outcome, retentionMs: LONG_MS };
    this.note(
      `complete ${pair.model.fence}`,
      real,
      this.decide(decideComplete(this.record, request, this.nowMs)),
    );
  }

  private async release({ real: claim, model }: ClaimPair): Promise<void> {
    const hasFence = this.dice.below(2) === 0;
    const real = await this.key.release(claim.ownerId, hasFence ? claim.fence : undefined);
    const { storedKey } = this.key;
    const times = { retentionMs: LONG_MS, recoveredRetentionMs: LONG_MS };
    const fence = hasFence ? model.fence : undefined;
    const request = { storedKey, ownerId: model.ownerId, fence, ...times };
    this.note(`release ${model.fence}`, real, this.decide(decideRelease(this.record, request, this.nowMs)));
  }

  private async forget(): Promise<void> {
    if (this.dice.below(3) > 0) return;
    const real = await this.key.forget();
    this.note('forget', String(real), String(this.decide(decideForget(this.record, this.nowMs))));
  }

  /** Ends what is short, and compares what can be seen. */
  private async settle(): Promise<void> {
    if (this.record?.state === 'in-progress' && this.record.leaseEndMs - this.nowMs <= SHORT_MS) {
      await this.world.pass(SHORT_PASS_MS);
      this.nowMs += SHORT_PASS_MS;
    }
    const real = await this.key.read();
    const model = viewOf(this.record, this.nowMs);
    assert.deepEqual(visible(real, model), visible(model, model), this.steps.join('\n'));
    if (model?.outcome !== undefined) assertOutcome(real?.outcome, model.outcome);
  }

  private decide<A>({ answer, write }: Decision<A>): A {
    if (write !== undefined) this.record = write;
    return answer;
  }

  private fence(): string {
    this.lastFence += 1;
    return String(this.lastFence);
  }

  private note(step: string, real: string, model: string): void {
    this.steps.push(`${step}: ${real}`);
    assert.equal(real, model, this.steps.join('\n'));
  }
}

function visible(view: RecordView | undefined, model: RecordView | undefined): unknown {
  if (view === undefined) return undefined;
  const { state, attempts, recovered, fingerprint = model?.fingerprint } = view;
  return { state, attempts, recovered, fingerprint };
}

/** Whatever is done to a key, the store answers as the decision table does. */
export const MODEL_CASES: readonly StoreContractCase[] = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => ({
  name: `any operations in any order: the store answers as the decision table does (seed ${seed})`,
  async run(world) {
    const duel = new Duel(world, new Dice(seed));
    for (let step = 0; step < 40; step += 1) await duel.step();
  },
}));
