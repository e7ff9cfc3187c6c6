import type { IdempotencyRecording } from '../core/idempotency-events.js';
import { whenSettled } from '../core/when-settled.js';
import type { IdempotencyInFlightError, Outcome } from '../policies/idempotency/index.js';
import { conclude, type Settled, type Soon } from './idempotent-call.js';
import { LiveClaim } from './idempotent-claim.js';
import type { RunningKey } from './idempotent-conversations.js';
import { OwnMethodClaim } from './idempotent-method-claim.js';
import { answerOfOther } from './idempotent-answer-of-other.js';
import { judgedOutcome } from './idempotent-judgement.js';
import { Recording } from './idempotent-recording.js';
import type { ClaimHolder, OwnedCall, OwnerSurroundings } from './idempotent-surroundings.js';

/**
 * The one call that runs the method of a key. The record is changed before the caller has its answer; nothing that
 * goes wrong with the record changes the answer, except that somebody else has the claim.
 */
export class Owner implements ClaimHolder {
  readonly live: LiveClaim;
  private methodClaim: OwnMethodClaim | undefined;
  private readonly recording: Recording;
  private readonly running: RunningKey;
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly around: OwnerSurroundings,
    private readonly owned: OwnedCall,
  ) {
    const { call, claim } = owned;
    this.live = new LiveClaim(claim, call.key, this);
    this.recording = new Recording(around, owned, this);
    this.running = around.running.begin(call.rule.storedKey);
  }

  /** For transactions of the method's own. */
  get method(): OwnMethodClaim {
    return (this.methodClaim ??= new OwnMethodClaim(this.owned, this.around.calls.store, this));
  }

  /** The name of the record. */
  get storedKey(): string {
    return this.owned.call.rule.storedKey;
  }

  get isRecorded(): boolean {
    return this.methodClaim?.isRecorded === true;
  }

  get isPrepared(): boolean {
    return this.methodClaim?.isPrepared === true;
  }

  /** Runs the work and records what came of it; gives what the caller is to get. */
  run(): Promise<unknown> {
    const { around, running, live } = this;
    around.background.began();
    const work = around.running.inside(running, startOf, this);
    // A method that has begun ends, whoever closes.
    if (!live.isEntered) this.stopListening = this.refuseWhenClosing();
    return work.then(
      (value) => this.settled({ kind: 'value', value }),
      (error: unknown) => this.settled({ kind: 'error', error }),
    );
  }

  /** Somebody else has the claim. */
  lost(): void {
    this.live.lose(this.superseded());
  }

  /** A transaction of the method's own has recorded what there is to record. */
  stopRenewal(): void {
    this.recording.stopRenewal();
  }

  /** The work itself; what it throws at once is a rejection as well. */
  start(): Promise<unknown> {
    const { call, claim } = this.owned;
    if (claim.recovered && call.alreadyDone !== undefined) return this.look(call.alreadyDone);
    try {
      return call.execute(this.live);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private async look(alreadyDone: () => unknown): Promise<unknown> {
    const value = await alreadyDone();
    if (value === undefined) return this.owned.call.execute(this.live);
    this.live.answerByLook(value);
    return value;
  }

  private refuseWhenClosing(): () => void {
    return this.around.environment.lifetime.onClosing(() =>
      this.live.refuseEntry(this.owned.answers.closing()),
    );
  }

  /** The record is changed, then the caller has its answer. */
  private settled(settled: Settled): Soon<unknown> {
    try {
      const answer = this.concluded(settled);
      if (answer instanceof Promise) return whenSettled(answer, () => this.ended());
      this.ended();
      return answer;
    } catch (error) {
      this.ended();
      throw error;
    }
  }

  private ended(): void {
    this.stopListening?.();
    this.around.background.ended();
  }

  private concluded(settled: Settled): Soon<unknown> {
    const { live } = this;
    live.settledWith(settled);
    if (!live.isRunning) this.running.isSettled = true;
    const judged = judgedOutcome(this.owned.call, live, settled, this.around.environment.events);
    // What waits in a pipe or a queue must not begin under a claim that is given up.
    if (judged === undefined) live.refuseEntry(this.superseded());
    if (judged === 'unknown') {
      this.around.background.add(this.recordLate());
      this.executed('pending');
      return conclude(settled);
    }
    const recorded = this.record(judged);
    return recorded instanceof Promise
      ? recorded.then((each) => this.answer(settled, each))
      : this.answer(settled, recorded);
  }

  private answer(settled: Settled, recorded: IdempotencyRecording): Soon<unknown> {
    this.executed(recorded);
    if (this.isFenced(recorded)) return this.answerOfOther();
    const isUnsure = settled.kind === 'error' && this.methodClaim?.isUnsure === true;
    return isUnsure ? this.answerOfOther(settled) : conclude(settled);
  }

  private async recordLate(): Promise<void> {
    const { capture } = this.owned.call;
    const outcome = await (capture.lateOutcomeOf?.(this.live) ?? this.live.lateOutcome());
    this.running.isSettled = true;
    await this.record(outcome);
  }

  private record(outcome: Outcome | undefined): Soon<IdempotencyRecording> {
    const { recording, live } = this;
    const committed = this.methodClaim?.ended;
    // Whatever failed afterwards: effect and outcome have been committed together.
    if (committed !== undefined) return recording.keep(committed.outcome);
    const { rule } = this.owned.call;
    const isKept =
      !live.isLost && outcome !== undefined && rule.isFinal(outcome, this.around.environment.events);
    return isKept ? recording.complete(outcome) : recording.release(live.isLost);
  }

  /** Whether the caller must not get what its own run produced: it would be a second answer to one key. */
  private isFenced(recorded: IdempotencyRecording): boolean {
    return recorded === 'superseded' && (this.live.isEntered || this.live.isAnsweredByLook);
  }

  private answerOfOther(unsure?: Settled): Promise<unknown> {
    return answerOfOther(this.around.calls, this.owned, unsure);
  }

  private superseded(): IdempotencyInFlightError {
    return this.owned.answers.superseded();
  }

  private executed(recorded: IdempotencyRecording): void {
    const { environment } = this.around;
    if (!environment.events.isAwaited('idempotency.executed')) return;
    const { claim, tookOver, answers, startedMs } = this.owned;
    answers.tidings.executed({
      recorded,
      attempts: claim.attempts,
      durationMs: environment.clock.nowMs() - startedMs,
      alreadyDone: this.live.isAnsweredByLook,
      tookOver,
    });
  }
}

/** Without a closure of its own for each call. */
function startOf(owner: Owner): Promise<unknown> {
  return owner.start();
}
