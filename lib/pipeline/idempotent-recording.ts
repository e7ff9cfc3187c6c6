import type { Environment } from '../core/environment.js';
import type { IdempotencyRecording } from '../core/idempotency-events.js';
import type {
  Claim,
  ClaimAnswer,
  CompleteRequest,
  IdempotencyRule,
  Outcome,
  ReleaseAnswer,
  ReleaseRequest,
  StoredOutcome,
} from '../policies/idempotency/index.js';
import type { Soon } from './idempotent-call.js';
import { Heartbeat, type RenewedClaim } from './idempotent-heartbeat.js';
import type { StoreCalls } from './idempotent-store-calls.js';
import type { ClaimHolder, OwnedCall, OwnerSurroundings } from './idempotent-surroundings.js';

type Answer = ClaimAnswer | ReleaseAnswer | 'pending';

/** The record of one claim: renewed until it is completed or released, and tried again where the store is down. */
export class Recording implements RenewedClaim {
  private readonly heartbeat: Heartbeat;
  private wasRecreated = false;

  constructor(
    private readonly around: OwnerSurroundings,
    private readonly owned: OwnedCall,
    private readonly holder: ClaimHolder,
  ) {
    this.heartbeat = new Heartbeat(this, around.beats);
  }

  get rule(): IdempotencyRule {
    return this.owned.call.rule;
  }

  get claim(): Claim {
    return this.owned.claim;
  }

  get startedMs(): number {
    return this.owned.startedMs;
  }

  get calls(): StoreCalls {
    return this.around.calls;
  }

  get environment(): Environment {
    return this.around.environment;
  }

  fenced(): void {
    // Whoever comes to this process asks the store from now on.
    this.owned.conversation.over();
    this.holder.lost();
  }

  recreated(): void {
    this.wasRecreated = true;
  }

  expired(): void {
    this.owned.conversation.over();
  }

  failed(error: unknown): void {
    this.owned.answers.tidings.storeDown('extend', error);
  }

  /** Keeps an outcome; the others of this process get it as well. */
  complete(outcome: Outcome): Soon<IdempotencyRecording> {
    const { rule, capture } = this.owned.call;
    const stored = capture.keep(outcome, rule.storedKey);
    return stored instanceof Promise ? stored.then((each) => this.keep(each)) : this.keep(stored);
  }

  /** The same for an outcome as it is stored. */
  keep(stored: StoredOutcome): Soon<IdempotencyRecording> {
    if (this.holder.isRecorded) return this.kept('ok', stored);
    const request = this.rule.complete(this.claim, stored);
    try {
      const answer = this.calls.complete(request);
      if (!(answer instanceof Promise)) return this.kept(answer, stored);
      return answer.then(
        (each) => this.kept(each, stored),
        (error: unknown) => this.kept(this.completeLater(request, error), stored),
      );
    } catch (error) {
      return this.kept(this.completeLater(request, error), stored);
    }
  }

  /** What has been recorded is renewed no more. */
  stopRenewal(): void {
    this.heartbeat.stop();
  }

  /** Gives the key up; where the claim is lost there is nothing to give. */
  release(isLost: boolean): Soon<IdempotencyRecording> {
    // Who comes meanwhile is told by the store; the claim is renewed no more.
    this.heartbeat.stop();
    if (isLost) return this.released('fenced');
    const request = this.rule.release(this.claim.ownerId, this.claim.fence);
    try {
      const answer = this.calls.release(request);
      if (!(answer instanceof Promise)) return this.released(answer);
      return answer.then(
        (each) => this.released(each),
        (error: unknown) => this.released(this.releaseLater(request, error)),
      );
    } catch (error) {
      return this.released(this.releaseLater(request, error));
    }
  }

  private kept(answer: Answer, stored: StoredOutcome): IdempotencyRecording {
    const { conversation } = this.owned;
    if (answer === 'fenced') {
      this.close();
      return 'superseded';
    }
    // What a transaction of the method's own may have recorded is known to the store alone.
    if (!this.holder.isPrepared) {
      conversation.end({ kind: 'recorded', outcome: stored, compared: true });
    }
    if (answer === 'pending') return 'pending';
    this.close();
    if (answer === 'recreated' || this.wasRecreated) return 'recreated';
    return stored.kind === 'tombstone' ? 'tombstone' : 'stored';
  }

  private released(answer: Answer): IdempotencyRecording {
    this.close();
    if (answer === 'fenced') return 'superseded';
    if (answer === 'pending') return 'pending';
    return answer === 'gone' ? 'none' : 'released';
  }

  private completeLater(request: CompleteRequest, error: unknown): 'pending' {
    this.owned.answers.tidings.storeDown('complete', error);
    const sent = this.sendLater(this.rule.longestRenewalMs, async () => this.calls.complete(request));
    this.around.background.add(sent.then(() => this.close()));
    return 'pending';
  }

  private releaseLater(request: ReleaseRequest, error: unknown): 'pending' {
    this.owned.answers.tidings.storeDown('release', error);
    this.around.background.add(this.sendLater(this.rule.leaseMs, async () => this.calls.release(request)));
    return 'pending';
  }

  /** Sends until the store has answered; the caller has waited for the first time, and does so no longer. */
  private sendLater(lastsMs: number, send: () => Promise<unknown>): Promise<unknown> {
    const { background, environment } = this.around;
    return background.resend(send, environment.clock.nowMs() + lastsMs);
  }

  private close(): void {
    this.heartbeat.stop();
    this.owned.conversation.over();
  }
}
