import type { Environment } from '../core/environment.js';
import type { Lane, LaneEntry } from '../core/lane.js';
import type { Claim, ClaimAnswer, IdempotencyRule } from '../policies/idempotency/index.js';
import type { Beats } from './idempotent-beats.js';
import type { StoreCalls } from './idempotent-store-calls.js';

/** What is renewed, and who hears of it. */
export interface HeartbeatParts {
  readonly rule: IdempotencyRule;
  readonly claim: Claim;
  readonly calls: StoreCalls;
  readonly environment: Environment;
  readonly beats: Beats;
  /** Somebody else has the claim. */
  fenced(): void;
  /** The record was gone, and was written anew. */
  recreated(): void;
  /** The longest renewal is over: others may take the key although the work has not settled. */
  expired(): void;
  /** The store did not answer; the next beat tries again. */
  failed(): void;
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
  private readonly endMs: number;

  constructor(private readonly parts: HeartbeatParts) {
    const { rule, environment, beats } = parts;
    this.lane = beats.of(rule.beatMs);
    this.endMs = environment.clock.nowMs() + rule.longestRenewalMs;
    this.lane.enter(this);
  }

  /** No renewal begins any more, and an answer that comes later means nothing. */
  stop(): void {
    this.isStopped = true;
    this.lane.leave(this);
  }

  /** Called by the lane when a beat is due. */
  timeUp(): void {
    const { environment } = this.parts;
    if (this.isStopped) return;
    if (environment.clock.nowMs() >= this.endMs) return this.parts.expired();
    this.lane.enter(this);
    if (!this.isAsking) void this.renew();
  }

  private async renew(): Promise<void> {
    const { rule, claim, calls } = this.parts;
    this.isAsking = true;
    try {
      // A beat that hangs must not eat the whole lease.
      const atMostMs = Math.min(calls.timeoutMs, Math.max(rule.beatMs, LEAST_TIMEOUT_MS));
      const answer = await calls.bounded(
        (options) => calls.store.extend(rule.extend(claim), options),
        atMostMs,
      );
      if (!this.isStopped) this.heard(answer);
    } catch {
      if (!this.isStopped) this.parts.failed();
    } finally {
      this.isAsking = false;
    }
  }

  private heard(answer: ClaimAnswer): void {
    if (answer === 'recreated') this.parts.recreated();
    if (answer !== 'fenced') return;
    this.stop();
    this.parts.fenced();
  }
}
