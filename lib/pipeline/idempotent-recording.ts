import type { Environment } from '../core/environment.js';
import type { IdempotencyRecording } from '../core/idempotency-events.js';
import type { Claim, IdempotencyStore, Outcome, StoredOutcome } from '../policies/idempotency/index.js';
import type { Beats } from './idempotent-beats.js';
import type { BackgroundWork } from './idempotent-background.js';
import type { GuardedCall } from './idempotent-call.js';
import type { Conversation, Conversations, RunningKeys } from './idempotent-conversations.js';
import { Heartbeat } from './idempotent-heartbeat.js';
import type { OwnMethodClaim } from './idempotent-method-claim.js';
import type { OwnerIds } from './idempotent-owner-ids.js';
import type { StoreCalls } from './idempotent-store-calls.js';
import type { Tidings } from './idempotent-tidings.js';

/** What all owners of one application share. */
export interface OwnerSurroundings {
  readonly environment: Environment;
  readonly calls: StoreCalls;
  readonly background: BackgroundWork;
  readonly running: RunningKeys;
  readonly beats: Beats;
}

/** What all guarded calls of one application share. */
export interface RunSurroundings extends OwnerSurroundings {
  readonly conversations: Conversations;
  readonly ownerIds: OwnerIds;
}

/** What one call owns. */
export interface OwnedCall {
  readonly call: GuardedCall;
  readonly claim: Claim;
  readonly tookOver: boolean;
  readonly conversation: Conversation;
  readonly tidings: Tidings;
}

type Send = (store: IdempotencyStore) => Promise<string>;

/** The record of one claim: renewed until it is completed or released, and tried again where the store is down. */
export class Recording {
  private readonly heartbeat: Heartbeat;
  private wasRecreated = false;

  constructor(
    private readonly around: OwnerSurroundings,
    private readonly owned: OwnedCall & { readonly method: OwnMethodClaim },
    fenced: () => void,
  ) {
    const { call, claim, tidings } = owned;
    const { calls, environment, beats } = around;
    this.heartbeat = new Heartbeat({
      rule: call.rule,
      claim,
      calls,
      environment,
      beats,
      // Whoever comes to this process asks the store from now on.
      fenced: () => {
        owned.conversation.over();
        fenced();
      },
      expired: () => owned.conversation.over(),
      recreated: () => {
        this.wasRecreated = true;
      },
      failed: () => tidings.storeDown('extend'),
    });
  }

  /** Keeps an outcome; the others of this process get it as well. */
  async complete(outcome: Outcome): Promise<IdempotencyRecording> {
    const { rule, capture } = this.owned.call;
    return this.keep(await capture.keep(outcome, rule.storedKey));
  }

  /** The same for an outcome as it is stored. */
  async keep(stored: StoredOutcome): Promise<IdempotencyRecording> {
    const { call, claim, conversation, method } = this.owned;
    const send: Send = (store) => store.complete(call.rule.complete(claim, stored));
    const answer = method.isRecorded ? 'ok' : await this.send('complete', send, () => this.close());
    if (answer === 'fenced') {
      this.close();
      return 'superseded';
    }
    // What a transaction of the method's own may have recorded is known to the store alone.
    if (!method.isPrepared) conversation.end({ kind: 'recorded', outcome: stored, compared: true });
    if (answer === 'pending') return 'pending';
    this.close();
    return this.nameOf(answer, stored);
  }

  /** What has been recorded is renewed no more. */
  stopRenewal(): void {
    this.heartbeat.stop();
  }

  private nameOf(answer: string, stored: StoredOutcome): IdempotencyRecording {
    if (answer === 'recreated' || this.wasRecreated) return 'recreated';
    return stored.kind === 'tombstone' ? 'tombstone' : 'stored';
  }

  /** Gives the key up; where the claim is lost there is nothing to give. */
  async release(isLost: boolean): Promise<IdempotencyRecording> {
    const { call, claim } = this.owned;
    // Who comes meanwhile is told by the store; the claim is renewed no more.
    this.heartbeat.stop();
    const request = call.rule.release(claim.ownerId, claim.fence);
    const send: Send = (store) => store.release(request);
    const answer = isLost ? 'fenced' : await this.send('release', send, () => undefined);
    this.close();
    if (answer === 'fenced') return 'superseded';
    if (answer === 'pending') return 'pending';
    return answer === 'gone' ? 'none' : 'released';
  }

  /** Sends until the store has answered; the caller waits for the first time only. */
  private async send(phase: 'complete' | 'release', send: Send, settledLater: () => void): Promise<string> {
    const { calls, background, environment } = this.around;
    const bounded = (): Promise<string> => calls.bounded(() => send(calls.store));
    try {
      return await bounded();
    } catch {
      this.owned.tidings.storeDown(phase);
      const { rule } = this.owned.call;
      const lastsMs = phase === 'complete' ? rule.longestRenewalMs : rule.leaseMs;
      const endMs = environment.clock.nowMs() + lastsMs;
      background.add(background.resend(bounded, endMs).then(settledLater));
      return 'pending';
    }
  }

  private close(): void {
    this.heartbeat.stop();
    this.owned.conversation.over();
  }
}
