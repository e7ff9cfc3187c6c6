import type { Environment } from '../core/environment.js';
import { type BeginAnswer, waitPauseMs } from '../policies/idempotency/index.js';
import { Answers } from './idempotent-answers.js';
import type { GuardedCall } from './idempotent-call.js';
import type { Begun, Conversation, Ending } from './idempotent-conversations.js';
import { Owner } from './idempotent-owner.js';
import type { RunSurroundings } from './idempotent-recording.js';
import { changeOf, waitFor } from './idempotent-waiting.js';

type StoreDown = Extract<Begun, { kind: 'store-down' }>;

/** In place of an answer: the call begins anew. */
const AGAIN = Symbol('again');

/** One guarded call, from its begin to its answer. */
export class GuardedRun {
  private readonly environment: Environment;
  private readonly answers: Answers;
  private readonly ownerId: string;

  constructor(
    private readonly around: RunSurroundings,
    private readonly call: GuardedCall,
  ) {
    this.environment = around.environment;
    this.ownerId = around.ownerIds.next();
    this.answers = new Answers(this.environment, call);
  }

  /** Gives the caller its answer: the method's own, a replay of it, or a refusal. */
  async run(): Promise<unknown> {
    const { storedKey, fingerprint } = this.call.rule;
    if (this.around.running.isInside(storedKey)) throw this.answers.inFlight(undefined, true);
    for (;;) {
      if (this.environment.lifetime.isClosing) throw this.answers.closing();
      const known = this.around.conversations.find(storedKey);
      const answer =
        known === undefined
          ? await this.lead(this.around.conversations.begin(storedKey, fingerprint))
          : await this.join(known);
      if (answer !== AGAIN) return answer;
    }
  }

  /** Speaks to the store for all calls of the key in this process. */
  private async lead(conversation: Conversation): Promise<unknown> {
    let isHandedOver = false;
    try {
      for (let pauses = 0; ; pauses += 1) {
        const answer = await this.begin(conversation);
        if (answer.kind === 'store-down') {
          conversation.over();
          return await this.answers.storeDown(answer.cause);
        }
        if (answer.kind === 'acquired') {
          isHandedOver = true;
          return await this.own(answer, conversation);
        }
        conversation.begun.resolve(answer);
        if (answer.kind !== 'busy') return await this.refusedOrReplayed(answer, conversation);
        await this.pauseBeforeNext(pauses, answer.leaseLeftMs);
      }
    } finally {
      // An owner ends the conversation itself, when the record has its outcome.
      if (!isHandedOver) conversation.over();
    }
  }

  /** The store's answer, which those who share the conversation hear as well. */
  private async begin(conversation: Conversation): Promise<BeginAnswer | StoreDown> {
    const { rule } = this.call;
    const release = rule.release(this.ownerId);
    try {
      return await this.around.calls.begin(rule.begin(this.ownerId), release);
    } catch (cause) {
      // The claim may have been written although nobody was told.
      this.around.calls.releaseSoon(release);
      const begun: StoreDown = { kind: 'store-down', cause };
      conversation.begun.resolve(begun);
      return begun;
    }
  }

  private async refusedOrReplayed(
    answer: Exclude<BeginAnswer, { kind: 'acquired' | 'busy' }>,
    conversation: Conversation,
  ): Promise<unknown> {
    if (answer.kind === 'mismatch') throw this.answers.mismatch(answer.state);
    const { outcome, compared } = answer;
    conversation.end({ kind: 'recorded', outcome, compared });
    return this.answers.replay(outcome, compared);
  }

  private async own(
    { claim, tookOver }: Extract<BeginAnswer, { kind: 'acquired' }>,
    conversation: Conversation,
  ): Promise<unknown> {
    const { call } = this;
    const { tidings } = this.answers;
    const refusal = this.reasonNotToRun();
    if (refusal !== undefined) {
      this.around.calls.releaseSoon(call.rule.release(claim.ownerId, claim.fence));
      conversation.over();
      throw refusal.error;
    }
    conversation.begun.resolve({ kind: 'owned', leaseMs: call.rule.leaseMs });
    if (tookOver) tidings.takenOver(claim.attempts);
    const owner = new Owner(this.around, { call, claim, tookOver, conversation, tidings });
    const stopListening = this.environment.lifetime.onClosing(() =>
      owner.live.refuseEntry(this.answers.closing()),
    );
    const work = owner.run(stopListening);
    this.around.background.add(work);
    if (!call.caller.isLimited) return work;
    const waited = await waitFor(work, this.environment, call.caller);
    if (waited.kind === 'done') return waited.value;
    throw waited.kind === 'left' ? waited.reason : this.answers.inFlight(call.rule.leaseMs);
  }

  /** Nothing has run yet: who left, and whose application closes, has not asked for it any more. */
  private reasonNotToRun(): { readonly error: unknown } | undefined {
    const { caller } = this.call;
    if (caller.isCancelled) return { error: caller.cancellation.reason };
    return this.environment.lifetime.isClosing ? { error: this.answers.closing() } : undefined;
  }

  /** Shares what another call of this process says to the store. */
  private async join(conversation: Conversation): Promise<unknown> {
    const waited = await waitFor(conversation.begun.promise, this.environment, this.call.caller);
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
        return this.answerOf(await conversation.ending.promise, conversation);
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
      const isRecorded = conversation.ending.settled?.value.kind === 'recorded';
      throw this.answers.mismatch(isRecorded ? 'completed' : 'in-progress');
    }
    await waitFor(conversation.ending.promise, this.environment, this.call.caller);
    return AGAIN;
  }

  private async shareOutcome(conversation: Conversation, leaseLeftMs: number): Promise<unknown> {
    const { call } = this;
    const ended = conversation.ending.settled?.value;
    if (ended?.kind === 'recorded') return this.answerOf(ended, conversation);
    if (call.onInFlight === 'reject') throw this.answers.inFlight(leaseLeftMs);
    const leftMs = call.maxWaitDurationMs - this.answers.waitedMs;
    const waited = await waitFor(conversation.ending.promise, this.environment, call.caller, leftMs);
    if (waited.kind === 'left') throw waited.reason;
    if (waited.kind === 'time') throw this.answers.inFlight(leaseLeftMs);
    return this.answerOf(waited.value, conversation);
  }

  /** Another process has the key. @throws where this call does not wait, or not any longer */
  private async pauseBeforeNext(pauses: number, leaseLeftMs: number): Promise<void> {
    const { call, environment } = this;
    const leftMs = call.maxWaitDurationMs - this.answers.waitedMs;
    if (call.onInFlight === 'reject' || leftMs <= 0) throw this.answers.inFlight(leaseLeftMs);
    const pauseMs = waitPauseMs(pauses, environment.clock.random());
    const atMostMs = Math.max(1, Math.min(pauseMs, leftMs, leaseLeftMs));
    const left = new AbortController();
    const waited = await waitFor(
      changeOf(this.around.calls.store, call.rule.storedKey, atMostMs, left.signal),
      environment,
      call.caller,
      atMostMs,
    );
    left.abort();
    if (waited.kind === 'left') throw waited.reason;
  }
}
