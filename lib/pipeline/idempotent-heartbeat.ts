import type { Environment } from '../core/environment.js';
import type { Timer } from '../core/clock.js';
import type { Claim, ClaimAnswer, IdempotencyRule } from '../policies/idempotency/index.js';
import type { StoreCalls } from './idempotent-store-calls.js';

/** What is renewed, and who hears of it. */
export interface HeartbeatParts {
  readonly rule: IdempotencyRule;
  readonly claim: Claim;
  readonly calls: StoreCalls;
  readonly environment: Environment;
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
export class Heartbeat {
  private timer: Timer | undefined;
  private isStopped = false;
  private isAsking = false;
  private readonly endMs: number;

  constructor(private readonly parts: HeartbeatParts) {
    const { rule, environment } = parts;
    this.endMs = environment.clock.nowMs() + rule.longestRenewalMs;
    this.plan();
  }

  /** No renewal begins any more, and an answer that comes later means nothing. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private plan(): void {
    const { rule, environment } = this.parts;
    this.timer = environment.clock.schedule(rule.beatMs, () => this.beat(), { idle: true });
  }

  private beat(): void {
    const { environment } = this.parts;
    if (this.isStopped) return;
    if (environment.clock.nowMs() >= this.endMs) return this.parts.expired();
    this.plan();
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
