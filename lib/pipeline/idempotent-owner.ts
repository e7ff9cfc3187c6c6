import { isResilienceError } from '../core/errors.js';
import type { IdempotencyRecording } from '../core/idempotency-events.js';
import { IdempotencyInFlightError, type Outcome, retryAfterOf } from '../policies/idempotency/index.js';
import type { Settled } from './idempotent-call.js';
import { LiveClaim } from './idempotent-claim.js';
import { OwnMethodClaim } from './idempotent-method-claim.js';
import { type OwnedCall, type OwnerSurroundings, Recording } from './idempotent-recording.js';

const TIMEOUT = 'RESILIENCE_TIMEOUT_EXCEEDED';

/**
 * The one call that runs the method of a key. The record is changed before the caller has its answer; nothing that
 * goes wrong with the record changes the answer, except that somebody else has the claim.
 */
export class Owner {
  readonly live: LiveClaim;
  private readonly startedMs: number;
  private readonly recording: Recording;
  private readonly method: OwnMethodClaim;

  constructor(
    private readonly around: OwnerSurroundings,
    private readonly owned: OwnedCall,
  ) {
    const { call, claim } = owned;
    const { environment } = around;
    this.method = new OwnMethodClaim(owned, around.calls.store, () => this.recording.stopRenewal());
    this.live = new LiveClaim(claim, call.key, this.method);
    this.startedMs = environment.clock.nowMs();
    this.recording = new Recording(around, { ...owned, method: this.method }, () =>
      this.live.lose(this.superseded(undefined)),
    );
  }

  /** Runs the work and records what came of it; gives what the caller is to get, and says before that it ends. */
  async run(ended: () => void): Promise<unknown> {
    try {
      return await this.runAndRecord();
    } finally {
      ended();
    }
  }

  private async runAndRecord(): Promise<unknown> {
    const { call } = this.owned;
    const { storedKey } = call.rule;
    const { result, settled } = this.around.running.run(storedKey, () => this.work());
    const outcome = await result;
    if (!this.live.isRunning) settled();
    const judged = this.judged(outcome);
    // What waits in a pipe or a queue must not begin under a claim that is given up.
    if (judged === undefined) this.live.refuseEntry(this.superseded(undefined));
    if (judged === 'unknown') {
      this.around.background.add(this.recordLate(settled));
      this.executed('pending');
      return conclude(outcome);
    }
    return this.isFenced(await this.record(judged)) ? this.answerOfOther() : conclude(outcome);
  }

  private async work(): Promise<Settled> {
    const { call, claim } = this.owned;
    try {
      if (claim.recovered && call.alreadyDone !== undefined) {
        const value: unknown = await call.alreadyDone();
        if (value !== undefined) {
          this.live.answerByLook(value);
          return { kind: 'value', value };
        }
      }
      return { kind: 'value', value: await call.execute(this.live) };
    } catch (error) {
      return { kind: 'error', error };
    }
  }

  /** The outcome that the record follows; `undefined` where there is none; or it is not known yet. */
  private judged(settled: Settled): Outcome | undefined | 'unknown' {
    const { live } = this;
    if (!live.isEntered && !live.isAnsweredByLook) return undefined;
    const outcome = this.outcomeOf(settled);
    if (outcome === 'unknown' || outcome.kind === 'value') return outcome;
    if (live.isRunning && !live.isLost && !this.isSettledFailure(outcome)) return 'unknown';
    // The value came in the very moment in which a time limit had answered.
    return isTimeout(outcome.error) ? (live.returned ?? outcome) : outcome;
  }

  private outcomeOf(settled: Settled): Outcome | 'unknown' {
    const { live } = this;
    const { answeredFailure } = live;
    if (answeredFailure !== undefined) return { kind: 'error', error: answeredFailure.error };
    return this.owned.call.capture.outcomeOf(settled, live);
  }

  /** Whether a failure stands although executions that were given up still run. */
  private isSettledFailure(outcome: Outcome): boolean {
    return !isResilienceError(outcome.error) && this.isFinal(outcome);
  }

  private isFinal(outcome: Outcome): boolean {
    return this.owned.call.rule.isFinal(outcome, this.around.environment.events);
  }

  private async recordLate(settled: () => void): Promise<void> {
    const { capture } = this.owned.call;
    const outcome = await (capture.lateOutcomeOf?.(this.live) ?? this.live.lateOutcome());
    settled();
    await this.record(outcome, true);
  }

  private async record(outcome: Outcome | undefined, isLate = false): Promise<IdempotencyRecording> {
    const recorded = await this.recordedAs(outcome);
    if (!isLate) this.executed(recorded);
    return recorded;
  }

  private recordedAs(outcome: Outcome | undefined): Promise<IdempotencyRecording> {
    const { recording, live, method } = this;
    // Whatever failed afterwards: effect and outcome have been committed together.
    if (method.ended !== undefined) return recording.keep(method.ended.outcome);
    if (live.isLost || outcome === undefined || !this.isFinal(outcome)) return recording.release(live.isLost);
    return recording.complete(outcome);
  }

  /** Whether the caller must not get what its own run produced: it would be a second answer to one key. */
  private isFenced(recorded: IdempotencyRecording): boolean {
    return recorded === 'superseded' && (this.live.isEntered || this.live.isAnsweredByLook);
  }

  private async answerOfOther(): Promise<unknown> {
    const { call } = this.owned;
    const { calls } = this.around;
    const { storedKey } = call.rule;
    const view = await calls
      .bounded((options) => calls.store.read(storedKey, options))
      .catch(() => undefined);
    if (view?.outcome !== undefined) return call.capture.replay(view.outcome, storedKey);
    throw this.superseded(view?.leaseLeftMs);
  }

  private superseded(leaseLeftMs = this.owned.call.rule.leaseMs): IdempotencyInFlightError {
    const { operation } = this.owned.call;
    return new IdempotencyInFlightError({
      operation,
      retryAfterMs: retryAfterOf(leaseLeftMs),
      superseded: true,
    });
  }

  private executed(recorded: IdempotencyRecording): void {
    const { claim, tookOver, tidings } = this.owned;
    tidings.executed({
      recorded,
      attempts: claim.attempts,
      durationMs: this.around.environment.clock.nowMs() - this.startedMs,
      alreadyDone: this.live.isAnsweredByLook,
      tookOver,
    });
  }
}

function isTimeout(error: unknown): boolean {
  return isResilienceError(error) && error.code === TIMEOUT;
}

function conclude(settled: Settled): unknown {
  if (settled.kind === 'error') throw settled.error;
  return settled.value;
}
