import type { Environment } from '../core/environment.js';
import type { Answers } from './idempotent-answers.js';
import type { GuardedCall } from './idempotent-call.js';
import type { Begun, Conversation, Ending } from './idempotent-conversations.js';
import { waitFor } from './idempotent-waiting.js';

/** In place of an answer: the call begins anew. */
export const AGAIN = Symbol('again');

/** A call that shares what another call of this process says to the store. */
export class SharedConversation {
  constructor(
    private readonly environment: Environment,
    private readonly call: GuardedCall,
    private readonly answers: Answers,
  ) {}

  /** What the conversation comes to for this call; `AGAIN` where that is for another begin to say. */
  async join(conversation: Conversation): Promise<unknown> {
    const waited = await waitFor(conversation.begun, this.environment, this.call.caller);
    if (waited.kind !== 'done') throw waited.kind === 'left' ? waited.reason : this.answers.inFlight(0);
    const begun = waited.value;
    const isOther = conversation.compares(this.call.rule.fingerprint) === 'other';
    if (isOther) return this.joinAsOther(begun, conversation);
    switch (begun.kind) {
      case 'mismatch':
        throw this.answers.mismatch(begun.state);
      case 'store-down':
        return this.answers.storeDown(begun.cause);
      case 'owned':
        return this.shareOutcome(conversation, begun.leaseMs);
      case 'busy':
        return this.shareOutcome(conversation, begun.leaseLeftMs);
      default:
        return this.answerOf(await conversation.ending, conversation);
    }
  }

  private answerOf(ending: Ending, conversation: Conversation): Promise<unknown> | typeof AGAIN {
    if (ending.kind === 'again') return AGAIN;
    const isSame = conversation.compares(this.call.rule.fingerprint) === 'same';
    return this.answers.replay(ending.outcome, ending.compared && isSame);
  }

  /** The payload differs from the one that is spoken of: what the store has of that one decides. */
  private async joinAsOther(begun: Begun, conversation: Conversation): Promise<unknown> {
    if (begun.kind === 'store-down') return this.answers.storeDown(begun.cause);
    if (begun.kind === 'completed') throw this.answers.mismatch('completed');
    if (begun.kind === 'owned' || begun.kind === 'busy') {
      const isRecorded = conversation.ended?.kind === 'recorded';
      throw this.answers.mismatch(isRecorded ? 'completed' : 'in-progress');
    }
    await waitFor(conversation.ending, this.environment, this.call.caller);
    return AGAIN;
  }

  private async shareOutcome(conversation: Conversation, leaseLeftMs: number): Promise<unknown> {
    const { call } = this;
    const ended = conversation.ended;
    if (ended?.kind === 'recorded') return this.answerOf(ended, conversation);
    if (call.onInFlight === 'reject') throw this.answers.inFlight(leaseLeftMs);
    const leftMs = call.maxWaitDurationMs - this.answers.waitedMs;
    const waited = await waitFor(conversation.ending, this.environment, call.caller, leftMs);
    if (waited.kind === 'left') throw waited.reason;
    if (waited.kind === 'time') throw this.answers.inFlight(leaseLeftMs);
    return this.answerOf(waited.value, conversation);
  }
}
