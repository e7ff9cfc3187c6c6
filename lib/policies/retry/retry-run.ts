import type { Call } from '../../core/call.js';
import { tell } from '../../core/callbacks.js';
import type { Environment } from '../../core/environment.js';
import type { GiveUpReason } from '../../core/events.js';
import type { RetryBudget } from '../../core/retry-budget.js';
import type { Scope } from '../../core/scope.js';
import type { RetryFailure } from './retry-hooks.js';
import { rememberRetry } from './retry-info.js';
import type { RetryPlan, Wait } from './retry-plan.js';
import type { ResolvedRetryOptions } from './retry.options.js';

/** What a retry of one method is made of. */
export interface RetryRuleParts {
  /** Name of the policy, `'retry'` where it has none. */
  readonly name: string;
  readonly options: ResolvedRetryOptions;
  readonly environment: Environment;
  readonly budget: RetryBudget | undefined;
}

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
    private readonly parts: RetryRuleParts,
    private readonly plan: RetryPlan,
    private readonly call: Scope,
  ) {
    this.lastAttempt = call;
  }

  /** Number of the execution that is running, or ran last; from 1. */
  get attempt(): number {
    return this.number;
  }

  private get isOver(): boolean {
    return this.state === 'succeeded' || this.state === 'gave-up';
  }

  /** The running execution failed. */
  decideError(error: unknown, attempt: Call): RetryDecision {
    return this.state === 'running' ? this.decide({ error }, attempt) : DONE;
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
    if (!this.plan.isFailure(value, attempt)) return undefined;
    return this.decide({ error: undefined, value }, attempt);
  }

  /** A stream failed that has already delivered values, which are never sent twice: the call gives up. */
  decideLateError(error: unknown, attempt: Call): RetryDecision {
    if (this.state === 'waiting' || this.state === 'gave-up') return DONE;
    this.lastFailure = { error };
    this.lastAttempt = attempt;
    this.giveUp(this.reasonOfNow() ?? 'not-retryable');
    return DONE;
  }

  /** The delay that was begun is ended early: its token goes back, and the call gives up. */
  delayEnded(reason: 'aborted' | 'shutdown'): void {
    if (this.state !== 'waiting') return;
    this.parts.budget?.giveBack('not-started');
    this.giveUp(reason === 'aborted' ? this.cancelReason() : reason);
  }

  /** The delay is over; the next execution begins. */
  nextAttempt(): void {
    if (this.state !== 'waiting') return;
    this.state = 'running';
    this.number += 1;
  }

  /** The call was ended while an execution runs, whose outcome nobody waits for any more. */
  cancelled(reason: 'deadline' | 'aborted'): void {
    if (this.isOver) return;
    if (this.state === 'waiting') this.parts.budget?.giveBack('not-started');
    else this.lastFailure = { error: this.call.cancellation.reason };
    this.giveUp(reason);
  }

  private decide(failure: RetryFailure, attempt: Call): RetryDecision {
    this.lastFailure = failure;
    this.lastAttempt = attempt;
    const wait = this.waitOrReason();
    if (typeof wait === 'string') {
      this.giveUp(wait);
      return DONE;
    }
    this.state = 'waiting';
    this.previousDelayMs = wait.ownDelayMs;
    this.announce(wait.waitMs);
    return { kind: 'again', delayMs: wait.waitMs };
  }

  /** The first reason that applies counts; nothing is taken from the budget for a retry that another forbids. */
  private waitOrReason(): Wait | GiveUpReason {
    const reason = this.reasonOfNow();
    if (reason !== undefined) return reason;
    const { number, previousDelayMs, lastFailure: failure, lastAttempt: call } = this;
    const wait = this.plan.after({ failure, number, call, previousDelayMs, elapsedMs: this.elapsedMs() });
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
    return nextMs - this.call.startedMs >= maxDurationMs || nextMs >= this.call.deadlineMs;
  }

  private takeToken(): boolean {
    const { budget, environment, name: policy } = this.parts;
    if (budget === undefined || budget.tryTake()) return true;
    const { events } = environment;
    const { operation } = this.call;
    if (events.isObserved) events.emit({ kind: 'budget.refused', operation, policy, budget: budget.name });
    return false;
  }

  private announce(delayMs: number): void {
    const { name: policy, options, environment } = this.parts;
    const { events } = environment;
    const { lastFailure: failure, number: attempt, lastAttempt: call } = this;
    const { operation } = call;
    const told = { ...failure, operation, attempt, delayMs, elapsedMs: this.elapsedMs(), call };
    tell(events, 'onRetry', options.onRetry, told);
    if (!events.isObserved) return;
    events.emit({ kind: 'retry.scheduled', operation, policy, attempt, delayMs, error: failedWith(failure) });
  }

  /** The running execution has succeeded. */
  succeeded(call: Call): void {
    if (this.state !== 'running') return;
    this.state = 'succeeded';
    const { name: policy, options, budget, environment } = this.parts;
    if (this.number === 1) return call.isWonByHedge === true ? undefined : budget?.deposit();
    budget?.giveBack('succeeded');
    const { events } = environment;
    const told = { operation: call.operation, attempts: this.number, elapsedMs: this.elapsedMs() };
    tell(events, 'onRecovered', options.onRecovered, { ...told, call });
    if (events.isObserved) events.emit({ kind: 'retry.recovered', policy, ...told });
  }

  private giveUp(reason: GiveUpReason): void {
    this.state = 'gave-up';
    const { name: policy, options, environment } = this.parts;
    const { events } = environment;
    const { lastFailure: failure, lastAttempt: call } = this;
    const info = { attempts: this.number, reason, elapsedMs: this.elapsedMs() };
    rememberRetry(failure.error, info);
    // What the caller gets when a delay was aborted.
    if (this.call.isCancelled) rememberRetry(this.call.cancellation.reason, info);
    const { operation } = call;
    tell(events, 'onGiveUp', options.onGiveUp, { ...failure, ...info, operation, call });
    if (!events.isObserved) return;
    events.emit({ kind: 'retry.gave-up', operation, policy, ...info, error: failedWith(failure) });
  }

  private cancelReason(): GiveUpReason {
    return this.call.cancellation.origin === 'limit' ? 'deadline' : 'aborted';
  }

  private elapsedMs(): number {
    return this.parts.environment.clock.nowMs() - this.call.startedMs;
  }
}

function failedWith(failure: RetryFailure): unknown {
  return 'value' in failure ? failure.value : failure.error;
}
