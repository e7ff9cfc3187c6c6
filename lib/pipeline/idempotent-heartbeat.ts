import type { Environment } from '../core/environment.js';
import type { Lane, LaneEntry } from '../core/lane.js';
import type { Claim, ClaimAnswer, IdempotencyRule } from '../policies/idempotency/index.js';
import type { Beats } from './idempotent-beats.js';
import type { StoreCalls } from './idempotent-store-calls.js';

/** What is renewed, and who hears of it. */
export interface RenewedClaim {
  readonly rule: IdempotencyRule;
  readonly claim: Claim;
  /** When the claim was made, monotonic. */
  readonly startedMs: number;
  readonly calls: StoreCalls;
  readonly environment: Environment;
  /** Somebody else has the claim. */
  fenced(): void;
  /** The record was gone, and was written anew. */
  recreated(): void;
  /** The longest renewal is over: others may take the key although the work has not settled. */
  expired(): void;
  /** The store did not answer; the next beat tries again. */
  failed(error: unknown): void;
}

const LEAST_TIMEOUT_MS = 50;

/** Renews a claim every third of its lease, without keeping the process alive or anybody's context. */
export class Heartbeat implements LaneEntry {
  laneDueMs = 0;
  lanePrevious: LaneEntry | undefined;
  laneNext: LaneEntry | undefined;
  private readonly lane: Lane;
  private isStopped = false;
  private isAsking = false;

  constructor(
    private readonly renewed: RenewedClaim,
    beats: Beats,
  ) {
    this.lane = beats.of(renewed.rule.beatMs);
    this.lane.enter(this);
  }

  /** No renewal begins any more, and an answer that comes later means nothing. */
  stop(): void {
    this.isStopped = true;
    this.lane.leave(this);
  }

  /** Called by the lane when a beat is due. */
  timeUp(): void {
    const { environment, startedMs, rule } = this.renewed;
    if (this.isStopped) return;
    if (environment.clock.nowMs() >= startedMs + rule.longestRenewalMs) return this.renewed.expired();
    this.lane.enter(this);
    if (!this.isAsking) void this.renew();
  }

  private async renew(): Promise<void> {
    const { rule, claim, calls } = this.renewed;
    this.isAsking = true;
    try {
      // A beat that hangs must not eat the whole lease.
      const atMostMs = Math.min(calls.timeoutMs, Math.max(rule.beatMs, LEAST_TIMEOUT_MS));
      const answer = await calls.extend(rule.extend(claim), atMostMs);
      if (!this.isStopped) this.heard(answer);
    } catch (error) {
      if (!this.isStopped) this.renewed.failed(error);
    } finally {
      this.isAsking = false;
    }
  }

  private heard(answer: ClaimAnswer): void {
    if (answer === 'recreated') this.renewed.recreated();
    if (answer !== 'fenced') return;
    this.stop();
    this.renewed.fenced();
  }
}
