import type { Environment } from '../core/environment.js';
import { type BeginAnswer, waitPauseMs } from '../policies/idempotency/index.js';
import { Answers } from './idempotent-answers.js';
import type { GuardedCall, Soon } from './idempotent-call.js';
import type { Begun, Conversation } from './idempotent-conversations.js';
import { Owner } from './idempotent-owner.js';
import { AGAIN, SharedConversation } from './idempotent-shared.js';
import type { RunSurroundings } from './idempotent-surroundings.js';
import { changeOf, waitFor } from './idempotent-waiting.js';

type StoreDown = Extract<Begun, { kind: 'store-down' }>;

/** One guarded call, from its begin to its answer. */
export class GuardedRun {
  private readonly environment: Environment;
  private readonly answers: Answers;
  private ownId: string | undefined;

  constructor(
    private readonly around: RunSurroundings,
    private readonly call: GuardedCall,
  ) {
    this.environment = around.environment;
    this.answers = new Answers(this.environment, call);
  }

  /** Who asks for the claim, however often. */
  private get ownerId(): string {
    return (this.ownId ??= this.around.ownerIds.next());
  }

  /** Gives the caller its answer: the method's own, a replay of it, or a refusal. Never throws. */
  run(): Promise<unknown> {
    const { storedKey } = this.call.rule;
    const { running, conversations } = this.around;
    try {
      if (running.isInside(storedKey)) throw this.answers.inFlight(undefined, true);
      const known = conversations.find(storedKey);
      return known === undefined ? this.lead() : this.follow(known);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Shares a conversation, and those after it, until there is an answer. */
  private async follow(first: Conversation): Promise<unknown> {
    const { conversations } = this.around;
    const { storedKey } = this.call.rule;
    for (let known: Conversation | undefined = first; ; known = conversations.find(storedKey)) {
      if (known === undefined) return this.lead();
      if (this.environment.lifetime.isClosing) throw this.answers.closing();
      const answer = await new SharedConversation(this.environment, this.call, this.answers).join(known);
      if (answer !== AGAIN) return answer;
    }
  }

  /** Speaks to the store for all calls of the key in this process. A claim that is had at once is used at once. */
  private lead(): Promise<unknown> {
    if (this.environment.lifetime.isClosing) throw this.answers.closing();
    const { storedKey, fingerprint } = this.call.rule;
    const conversation = this.around.conversations.begin(storedKey, fingerprint);
    const begun = this.begin(conversation);
    const isOwner = !(begun instanceof Promise) && begun.kind === 'acquired';
    return isOwner ? this.own(begun, conversation) : this.leadOn(begun, conversation);
  }

  private async leadOn(first: Soon<BeginAnswer | StoreDown>, conversation: Conversation): Promise<unknown> {
    let isHandedOver = false;
    try {
      let answer = await first;
      for (let pauses = 0; ; pauses += 1) {
        if (answer.kind === 'store-down') {
          conversation.over();
          return await this.answers.storeDown(answer.cause);
        }
        if (answer.kind === 'acquired') {
          isHandedOver = true;
          return await this.own(answer, conversation);
        }
        conversation.begin(answer);
        if (answer.kind !== 'busy') return await this.refusedOrReplayed(answer, conversation);
        await this.pauseBeforeNext(pauses, answer.leaseLeftMs);
        answer = await this.begin(conversation);
      }
    } finally {
      // An owner ends the conversation itself, when the record has its outcome.
      if (!isHandedOver) conversation.over();
    }
  }

  /** The store's answer, which those who share the conversation hear as well. */
  private begin(conversation: Conversation): Soon<BeginAnswer | StoreDown> {
    try {
      const answer = this.around.calls.begin(this.call.rule, this.ownerId);
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((cause: unknown) => this.storeDown(cause, conversation));
    } catch (cause) {
      return this.storeDown(cause, conversation);
    }
  }

  private storeDown(cause: unknown, conversation: Conversation): StoreDown {
    // The claim may have been written although nobody was told.
    this.around.calls.releaseSoon(this.call.rule.release(this.ownerId));
    const begun: StoreDown = { kind: 'store-down', cause };
    conversation.begin(begun);
    return begun;
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

  /** @throws where the call is not to run any more */
  private own(
    { claim, tookOver }: Extract<BeginAnswer, { kind: 'acquired' }>,
    conversation: Conversation,
  ): Promise<unknown> {
    const { call, answers } = this;
    const refusal = this.reasonNotToRun();
    if (refusal !== undefined) {
      this.around.calls.releaseSoon(call.rule.release(claim.ownerId, claim.fence));
      conversation.over();
      throw refusal.error;
    }
    conversation.begin({ kind: 'owned', leaseMs: call.rule.leaseMs });
    if (tookOver) answers.tidings.takenOver(claim.attempts);
    const startedMs = this.environment.clock.nowMs();
    const work = new Owner(this.around, { call, claim, tookOver, conversation, answers, startedMs }).run();
    return call.caller.isLimited ? this.untilLeft(work) : work;
  }

  private async untilLeft(work: Promise<unknown>): Promise<unknown> {
    const waited = await waitFor(work, this.environment, this.call.caller);
    if (waited.kind === 'done') return waited.value;
    throw waited.kind === 'left' ? waited.reason : this.answers.inFlight(this.call.rule.leaseMs);
  }

  /** Nothing has run yet: who left, and whose application closes, has not asked for it any more. */
  private reasonNotToRun(): { readonly error: unknown } | undefined {
    const { caller } = this.call;
    if (caller.isCancelled) return { error: caller.cancellation.reason };
    return this.environment.lifetime.isClosing ? { error: this.answers.closing() } : undefined;
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
