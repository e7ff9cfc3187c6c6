import type { CallIdempotency } from '../core/call.js';
import { Cancellation } from '../core/cancellation.js';
import { fieldOf } from '../core/error-facts.js';
import type { Scope } from '../core/scope.js';
import {
  type Claim,
  ClaimedIdempotency,
  type MethodClaim,
  type Outcome,
} from '../policies/idempotency/index.js';

/** Who has a claim. */
interface ClaimOwner {
  readonly storedKey: string;
  /** For transactions of the method's own. */
  readonly method: MethodClaim;
}

/**
 * A claim while its work runs: whether the method was entered, what of it still runs, and whether the claim is
 * lost. The work runs until every execution that was started has settled, whoever was answered meanwhile.
 */
export class LiveClaim {
  private scope: Scope | undefined;
  private ownCancellation: Cancellation | undefined;
  private ownIdempotency: CallIdempotency | undefined;
  private running = 0;
  private entries = 0;
  private refusal: { readonly error: unknown } | undefined;
  private latest: { readonly entry: number; readonly outcome: Outcome } | undefined;
  private failedBefore: { readonly error: unknown } | undefined;
  private onSettled: ((outcome: Outcome) => void) | undefined;
  private lost = false;
  private looked = false;
  private givesStream = false;
  private isAlone = false;

  constructor(
    readonly claim: Claim,
    private readonly key: string,
    private readonly owner: ClaimOwner,
  ) {}

  /** Ends when the claim is lost, or when its method must not begin any more; never when a caller leaves. */
  get cancellation(): Cancellation {
    return (this.ownCancellation ??= this.scope?.cancellation ?? new Cancellation());
  }

  /** What the method may know of its claim. */
  get idempotency(): CallIdempotency {
    return (this.ownIdempotency ??= new ClaimedIdempotency(this.key, this.claim, this.owner.method));
  }

  /** The name of the record. */
  get storedKey(): string {
    return this.owner.storedKey;
  }

  /** Whether the method's own body was called under this claim. */
  get isEntered(): boolean {
    return this.entries > 0;
  }

  /** Whether an execution has not settled. */
  get isRunning(): boolean {
    return this.running > 0;
  }

  /** Whether `alreadyDone` has answered in the method's place. */
  get isAnsweredByLook(): boolean {
    return this.looked;
  }

  /** Whether somebody else has the claim. */
  get isLost(): boolean {
    return this.lost;
  }

  /** What the execution that was begun last returned, where it did. */
  get returned(): Outcome | undefined {
    const { latest, entries } = this;
    return latest?.entry === entries && latest.outcome.kind === 'value' ? latest.outcome : undefined;
  }

  /** The failure that a fallback inside has answered; the record follows it, not the answer. */
  get answeredFailure(): { readonly error: unknown } | undefined {
    return this.failedBefore;
  }

  /** `alreadyDone` has found the value: from here on it is what the method returned, which is not entered. */
  answerByLook(value: unknown): void {
    this.looked = true;
    this.latest = { entry: this.entries, outcome: { kind: 'value', value } };
  }

  /** A fallback inside the guard answers in the place of a failure. */
  fellBack(error: unknown): void {
    this.failedBefore = { error };
  }

  /** What the method gives is a stream: whoever takes it in knows what becomes of it, and leaving it ends it. */
  expectStream(): void {
    this.givesStream = true;
  }

  /**
   * The method is called, and nothing stands between it and its claim: what this one execution comes to is for the
   * owner to tell, who is the first to hear of it. @throws where it must not begin any more
   */
  enterAlone(): void {
    this.enter();
    this.isAlone = true;
  }

  /** What the work came to; of a method that was entered alone nobody else tells. */
  settledWith(outcome: Outcome): void {
    if (this.isAlone && this.isRunning) this.ended(this.entries, outcome);
  }

  /** The scope of the work ends with the claim. */
  bind(scope: Scope): void {
    const isFirst = this.scope === undefined && this.ownCancellation === undefined;
    // Usually it is the only one, and then one end is enough for both.
    if (isFirst) this.scope = scope;
    else this.cancellation.onCancel((reason, origin) => scope.cancellation.cancel(reason, origin));
  }

  /** Calls the method, and watches what becomes of it. @throws where it must not begin any more */
  invoke(call: () => unknown): unknown {
    const entry = this.enter();
    try {
      const result = call();
      if (!this.givesStream) return this.watched(result, entry);
      this.running -= 1;
      return result;
    } catch (error) {
      this.ended(entry, { kind: 'error', error });
      throw error;
    }
  }

  /** The method must not be entered any more; without effect where it was. */
  refuseEntry(error: unknown): void {
    if (this.isEntered) return;
    this.refusal = { error };
    this.cancellation.cancel(error, 'caller');
  }

  /** Somebody else has the claim. */
  lose(error: unknown): void {
    this.lost = true;
    this.cancellation.cancel(error, 'caller');
  }

  /** What the work comes to when nobody waits: the first value, or the last failure when nothing runs. */
  lateOutcome(): Promise<Outcome> {
    return new Promise((resolve) => {
      this.onSettled = resolve;
    });
  }

  private enter(): number {
    if (this.refusal !== undefined && !this.isEntered) throw this.refusal.error;
    this.running += 1;
    return (this.entries += 1);
  }

  private watched(result: unknown, entry: number): unknown {
    if (typeof fieldOf(result, 'then') !== 'function') {
      this.ended(entry, { kind: 'value', value: result });
      return result;
    }
    // One `then` only: that of a query that has not begun begins it.
    const promise = Promise.resolve(result);
    promise.then(
      (value) => this.ended(entry, { kind: 'value', value }),
      (error: unknown) => this.ended(entry, { kind: 'error', error }),
    );
    return promise;
  }

  private ended(entry: number, outcome: Outcome): void {
    this.running -= 1;
    this.latest = { entry, outcome };
    if (outcome.kind === 'value' || this.running === 0) this.onSettled?.(outcome);
  }
}
