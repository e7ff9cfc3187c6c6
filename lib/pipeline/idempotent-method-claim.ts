import type {
  Claim,
  CompleteRequest,
  ExtendRequest,
  IdempotencyStore,
  MethodClaim,
  MethodOutcome,
} from '../policies/idempotency/index.js';
import type { GuardedCall } from './idempotent-call.js';

/** What a running method does to its claim in transactions of its own, and what that means for its record. */
export class OwnMethodClaim implements MethodClaim {
  private outcome: MethodOutcome | undefined;
  private mayBeCompleted = false;
  private isStoreOurs = false;
  private last: Promise<unknown> | undefined;

  constructor(
    private readonly owned: { readonly call: GuardedCall; readonly claim: Claim },
    private readonly store: IdempotencyStore,
    private readonly record: { stopRenewal(): void },
  ) {}

  get operation(): string {
    return this.owned.call.operation;
  }

  get renewal(): ExtendRequest {
    return this.owned.call.rule.extend(this.owned.claim);
  }

  get ended(): MethodOutcome | undefined {
    return this.outcome;
  }

  /** Whether the application's own store knows the outcome. */
  get isRecorded(): boolean {
    return this.outcome !== undefined && this.isStoreOurs;
  }

  /** Whether the record may hold another outcome than the one that the method came to. */
  get isPrepared(): boolean {
    return this.mayBeCompleted;
  }

  /** Whether a transaction held the completion, and nobody knows whether it committed. */
  get isUnsure(): boolean {
    return this.mayBeCompleted && this.outcome === undefined;
  }

  async completionWith(value: unknown): Promise<CompleteRequest> {
    const { call, claim } = this.owned;
    const { rule, capture } = call;
    return rule.complete(claim, await capture.keep({ kind: 'value', value }, rule.storedKey));
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = (this.last ?? Promise.resolve()).then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  prepared(): void {
    this.mayBeCompleted = true;
  }

  committed(outcome: MethodOutcome, store: unknown): void {
    this.outcome = outcome;
    this.isStoreOurs = store === this.store;
    // There is nothing to renew any more.
    this.record.stopRenewal();
  }
}
