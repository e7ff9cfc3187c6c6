import { assert } from './contract-assert.js';
import { createHash, randomBytes } from 'node:crypto';
import type {
  BeginAnswer,
  BeginRequest,
  Claim,
  CompleteRequest,
  IdempotencyStore,
  StoredOutcome,
} from '../policies/idempotency/index.js';

/** What the contract suite needs of a store under test. */
export interface StoreContractWorld {
  /** The store; cases use keys of their own, so one store may serve all of them. */
  readonly store: IdempotencyStore;
  /** Lets at least so much time pass by the store's clock: a manual clock is moved, a real one is waited for. */
  pass(milliseconds: number): Promise<void>;
}

/** One promise of the port; rejects with an `AssertionError` where the store does not keep it. */
export interface StoreContractCase {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Runs the case; rejects where the promise is not kept. */
  run(world: StoreContractWorld): Promise<void>;
}

/** Long enough not to be over while a case runs, on any machine. */
export const LONG_MS = 120_000;
/** Over after {@link SHORT_PASS_MS}. */
export const SHORT_MS = 5;
/** Time that ends what is short; clocks of servers count in whole milliseconds. */
export const SHORT_PASS_MS = 30;

/** The fingerprint that a case uses unless it says otherwise. */
export const FINGERPRINT = 'v1:same';
/** Another payload. */
export const OTHER_FINGERPRINT = 'v1:other';

/** A new owner. */
export function newOwner(): string {
  return randomBytes(16).toString('hex');
}

/** An outcome whose body is this text. */
export function outcomeOf(text: string, kind: StoredOutcome['kind'] = 'value'): StoredOutcome {
  return { kind, metadata: `{"status":201,"of":${JSON.stringify(text)}}`, body: Buffer.from(text) };
}

/** Says that an outcome came back as it was given. */
export function assertOutcome(actual: StoredOutcome | undefined, expected: StoredOutcome): void {
  assert.ok(actual !== undefined, 'there is no outcome');
  assert.equal(actual.kind, expected.kind);
  assert.equal(actual.metadata, expected.metadata);
  assert.ok(actual.body instanceof Uint8Array, 'a body is bytes');
  assert.deepEqual([...actual.body], [...expected.body], 'the body came back changed');
}

/** One key of a store, and all that can be done to it with the values that a case leaves out. */
export class ContractKey {
  constructor(
    readonly store: IdempotencyStore,
    readonly storedKey = createHash('sha256').update(randomBytes(16)).digest('hex'),
  ) {}

  begin(given: Partial<BeginRequest> = {}): Promise<BeginAnswer> {
    const { storedKey } = this;
    const standard = { fingerprint: FINGERPRINT, leaseMs: LONG_MS, retentionMs: LONG_MS * 2 };
    return this.store.begin({ storedKey, ownerId: newOwner(), ...standard, ...given });
  }

  /** A begin that must be acquired. */
  async acquire(given: Partial<BeginRequest> = {}): Promise<Claim> {
    const answer = await this.begin(given);
    assert.equal(answer.kind, 'acquired');
    return answer.kind === 'acquired' ? answer.claim : assert.fail();
  }

  /** A claim whose lease is over. */
  async acquireSilently(world: StoreContractWorld, given: Partial<BeginRequest> = {}): Promise<Claim> {
    const claim = await this.acquire({ leaseMs: SHORT_MS, ...given });
    await world.pass(SHORT_PASS_MS);
    return claim;
  }

  extend(claim: Claim, given: { leaseMs?: number; retentionMs?: number } = {}) {
    const { storedKey } = this;
    const standard = { fingerprint: FINGERPRINT, leaseMs: LONG_MS, retentionMs: LONG_MS * 2 };
    return this.store.extend({ storedKey, claim, ...standard, ...given });
  }

  complete(
    claim: Claim,
    outcome = outcomeOf('done'),
    given: Partial<Pick<CompleteRequest, 'fingerprint' | 'retentionMs'>> = {},
  ) {
    const { storedKey } = this;
    const standard = { fingerprint: FINGERPRINT, retentionMs: LONG_MS };
    return this.store.complete({ storedKey, claim, outcome, ...standard, ...given });
  }

  release(
    ownerId: string,
    fence?: string,
    given: { retentionMs?: number; recoveredRetentionMs?: number } = {},
  ) {
    const { storedKey } = this;
    const standard = { retentionMs: LONG_MS, recoveredRetentionMs: LONG_MS };
    return this.store.release({ storedKey, ownerId, fence, ...standard, ...given });
  }

  read() {
    return this.store.read(this.storedKey);
  }

  forget() {
    return this.store.forget(this.storedKey);
  }
}

/** Says that one fence is higher than another; both are whole numbers as text. */
export function assertHigher(fence: string, than: string): void {
  assert.match(fence, /^\d+$/, 'a fence is a whole number as text');
  assert.ok(BigInt(fence) > BigInt(than), `the fence ${fence} is not higher than ${than}`);
}

/** A claim that the store has never seen, as one whose record was lost. */
export function lostClaim(): Claim {
  return { ownerId: newOwner(), fence: '9007199254740993', attempts: 3, recovered: true };
}

/** An owner whose claim ended in silence, and the one that replaced it. */
export async function replaced(
  key: ContractKey,
  world: StoreContractWorld,
): Promise<readonly [Claim, Claim]> {
  const old = await key.acquireSilently(world);
  return [old, await key.acquire()];
}
