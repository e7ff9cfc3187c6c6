import type { CallIdempotency } from '../core/call.js';
import { Cancellation } from '../core/cancellation.js';
import { fieldOf } from '../core/error-facts.js';
import {
  type Claim,
  ClaimedIdempotency,
  type MethodClaim,
  type Outcome,
} from '../policies/idempotency/index.js';

/**
 * A claim while its work runs: whether the method was entered, what of it still runs, and whether the claim is
 * lost. The work runs until every execution that was started has settled, whoever was answered meanwhile.
 */
export class LiveClaim {
  /** Ends when the claim is lost, or when its method must not begin any more; never when a caller leaves. */
  readonly cancellation = new Cancellation();
  readonly idempotency: CallIdempotency;
  private running = 0;
  private entries = 0;
  private refusal: { readonly error: unknown } | undefined;
  private latest: { readonly entry: number; readonly outcome: Outcome } | undefined;
  private failedBefore: { readonly error: unknown } | undefined;
  private onSettled: ((outcome: Outcome) => void) | undefined;
  private lost = false;
  private looked = false;
  private givesStream = false;

  constructor(
    readonly claim: Claim,
    key: string,
    /** For transactions of the method's own. */
    private readonly method: MethodClaim,
  ) {
    this.idempotency = new ClaimedIdempotency(key, claim, method);
  }

  /** The name of the record. */
  get storedKey(): string {
    return this.method.renewal.storedKey;
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

  /** Calls the method, and watches what becomes of it. @throws where it must not begin any more */
  invoke(call: () => unknown): unknown {
    if (this.refusal !== undefined && !this.isEntered) throw this.refusal.error;
    this.entries += 1;
    this.running += 1;
    const entry = this.entries;
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
