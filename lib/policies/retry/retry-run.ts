import type { Call } from '../../core/call.js';
import { isRetrySignal } from '../../core/classification-table.js';
import type { GiveUpReason } from '../../core/events.js';
import type { Scope } from '../../core/scope.js';
import type { RetryFailure } from './retry-hooks.js';
import { rememberRetry } from './retry-info.js';
import type { Wait } from './retry-plan.js';
import { callersError } from './retry-signal.js';
import type { Moment, RetryRunParts } from './retry-tidings.js';

/** What follows the end of an attempt: nothing more, or another attempt after the delay. */
export type RetryDecision = { readonly kind: 'done' } | { readonly kind: 'again'; readonly delayMs: number };

const DONE: RetryDecision = { kind: 'done' };

/**
 * One call, from its first attempt to its end. It is told of every end of an attempt and answers what follows;
 * it gives up or recovers at most once, and what comes after that changes nothing.
 */
export class RetryRun {
  private state: 'running' | 'waiting' | 'succeeded' | 'gave-up' = 'running';
  private number = 1;
  private previousDelayMs: number | undefined;
  private lastFailure: RetryFailure = { error: undefined };
  private lastAttempt: Call;

  constructor(
    private readonly parts: RetryRunParts,
    private readonly call: Scope,
    /** When its first attempt began, monotonic: what had to be waited for before is none of its time. */
    private readonly beganMs: number,
  ) {
    this.lastAttempt = call;
  }

  /** Number of the execution that is running, or ran last; from 1. */
  get attempt(): number {
    return this.number;
  }

  /** Whether something has to be waited for between a delay and the attempt that follows. */
  get prepares(): boolean {
    return this.parts.options.prepareRetry !== undefined;
  }

  /** Whether no attempt may begin any more, because the preparation of it took too long. */
  get isTooLate(): boolean {
    return this.elapsedMs() >= (this.parts.options.maxDurationMs ?? Number.POSITIVE_INFINITY);
  }

  /** The attempt of this number is about to begin. */
  begins(attempt: Call): void {
    if (this.parts.options.onAttempt !== undefined) this.parts.tidings.begins(this.momentOf(attempt));
  }

  /** The running execution failed. */
  decideError(error: unknown, attempt: Call): RetryDecision {
    if (this.state !== 'running') return DONE;
    return this.decide({ error: callersError(error) }, attempt, isRetrySignal(error) ? error : undefined);
  }

  /** The running execution returned a value, which may count as a failure. */
  decideValue(value: unknown, attempt: Call): RetryDecision {
    const decision = this.judgeValue(value, attempt);
    if (decision === undefined) this.succeeded(attempt);
    return decision ?? DONE;
  }

  /** What follows a value that counts as a failure; `undefined` for a good one, which is no success yet. */
  judgeValue(value: unknown, attempt: Call): RetryDecision | undefined {
    if (this.state !== 'running') return DONE;
    if (!this.parts.plan.isFailure(value, attempt)) return undefined;
    return this.decide({ error: undefined, value }, attempt);
  }

  /** A stream failed that has already delivered values, which are never sent twice: the call gives up. */
  decideLateError(error: unknown, attempt: Call): RetryDecision {
    if (this.state === 'waiting' || this.state === 'gave-up') return DONE;
    this.lastFailure = { error: callersError(error) };
    this.lastAttempt = attempt;
    this.giveUp(this.reasonOfNow() ?? 'not-retryable');
    return DONE;
  }

  /** The delay that was begun is ended early: its token goes back, and the call gives up. */
  delayEnded(reason: 'aborted' | 'shutdown' | 'deadline'): void {
    if (this.state !== 'waiting') return;
    this.parts.budget?.giveBack('not-started');
    this.giveUp(reason === 'aborted' ? this.cancelReason() : reason);
  }

  /** Prepares the next execution, whose context this is; what it answers is to be waited for. May throw. */
  prepare(call: Call): unknown {
    const { operation } = call;
    const told = { ...this.lastFailure, ...this.momentOf(call), operation, attempt: this.number + 1 };
    return this.parts.options.prepareRetry?.(told);
  }

  /** The next execution could not be prepared: it does not begin, and the caller gets this error. */
  preparationFailed(error: unknown): void {
    if (this.state !== 'waiting') return;
    this.parts.budget?.giveBack('not-started');
    this.lastFailure = { error };
    this.giveUp(this.reasonOfNow() ?? 'not-retryable');
  }

  /** The delay is over; the next execution begins. */
  nextAttempt(): void {
    if (this.state !== 'waiting') return;
    this.state = 'running';
    this.number += 1;
  }

  /** The call was ended while an execution runs, whose outcome nobody waits for any more. */
  cancelled(reason: 'deadline' | 'aborted'): void {
    if (this.state === 'succeeded' || this.state === 'gave-up') return;
    if (this.state === 'waiting') this.parts.budget?.giveBack('not-started');
    else this.lastFailure = { error: this.call.cancellation.reason };
    this.giveUp(reason);
  }

  private decide(failure: RetryFailure, attempt: Call, signal?: unknown): RetryDecision {
    this.lastFailure = failure;
    this.lastAttempt = attempt;
    const wait = this.waitOrReason(signal);
    if (typeof wait === 'string') {
      this.giveUp(wait);
      return DONE;
    }
    this.state = 'waiting';
    this.previousDelayMs = wait.ownDelayMs;
    this.parts.tidings.scheduled(this.momentOf(attempt), failure, wait.waitMs);
    return { kind: 'again', delayMs: wait.waitMs };
  }

  /** The first reason that applies counts; nothing is taken from the budget for a retry that another forbids. */
  private waitOrReason(signal: unknown): Wait | GiveUpReason {
    const reason = this.reasonOfNow();
    if (reason !== undefined) return reason;
    const { number, previousDelayMs, lastFailure: failure, lastAttempt: call } = this;
    const elapsedMs = this.elapsedMs();
    const wait = this.parts.plan.after({ failure, signal, number, call, previousDelayMs, elapsedMs });
    if (typeof wait === 'string') return wait;
    if (this.wouldBeLate(wait.waitMs)) return 'deadline';
    return this.takeToken() ? wait : 'budget';
  }

  /** Why nothing starts any more, whatever failed. */
  private reasonOfNow(): GiveUpReason | undefined {
    if (this.call.isCancelled) return this.cancelReason();
    return this.parts.environment.lifetime.isClosing ? 'shutdown' : undefined;
  }

  private wouldBeLate(waitMs: number): boolean {
    const { maxDurationMs = Number.POSITIVE_INFINITY } = this.parts.options;
    const nextMs = this.parts.environment.clock.nowMs() + waitMs;
    return nextMs - this.beganMs >= maxDurationMs || nextMs >= this.call.deadlineMs;
  }

  private takeToken(): boolean {
    const { budget } = this.parts;
    if (budget === undefined || budget.tryTake()) return true;
    this.parts.tidings.refused(this.call.operation, budget.name);
    return false;
  }

  /** The running execution has succeeded. */
  succeeded(call: Call): void {
    if (this.state !== 'running') return;
    this.state = 'succeeded';
    const { budget } = this.parts;
    if (this.number === 1) return call.isWonByHedge === true ? undefined : budget?.deposit();
    budget?.giveBack('succeeded');
    this.parts.tidings.recovered(this.momentOf(call));
  }

  private giveUp(reason: GiveUpReason): void {
    this.state = 'gave-up';
    const info = { attempts: this.number, reason, elapsedMs: this.elapsedMs() };
    rememberRetry(this.lastFailure.error, info);
    // What the caller gets when a delay was aborted.
    if (this.call.isCancelled) rememberRetry(this.call.cancellation.reason, info);
    this.parts.tidings.gaveUp(this.lastAttempt, this.lastFailure, info);
  }

  private cancelReason(): GiveUpReason {
    return this.call.cancellation.origin === 'limit' ? 'deadline' : 'aborted';
  }

  private momentOf(call: Call): Moment {
    return { call, attempt: this.number, elapsedMs: this.elapsedMs() };
  }

  private elapsedMs(): number {
    return this.parts.environment.clock.nowMs() - this.beganMs;
  }
}
