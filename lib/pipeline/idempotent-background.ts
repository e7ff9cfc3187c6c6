import type { Timer } from '../core/clock.js';
import type { Environment } from '../core/environment.js';
import { resendPauseMs } from '../policies/idempotency/index.js';

/** What goes on although nobody waits for it any more: outcomes that the store has not taken yet, late work. */
export class BackgroundWork {
  private running = 0;
  private readonly idleOnes: (() => void)[] = [];
  private readonly pauses = new Map<Timer, () => void>();
  private stopped = false;

  constructor(private readonly environment: Environment) {}

  get isStopped(): boolean {
    return this.stopped;
  }

  /** Something goes on, until {@link BackgroundWork.ended} is called for it. */
  began(): void {
    this.running += 1;
  }

  /** Something that has begun goes on no more. */
  ended(): void {
    this.running -= 1;
    if (this.running === 0) for (const resolve of this.idleOnes.splice(0)) resolve();
  }

  /** Keeps hold of work that must never be an unhandled rejection. */
  add(work: Promise<unknown>): void {
    const ended = (): void => this.ended();
    this.began();
    work.then(ended, ended);
  }

  /** Sends again with growing pauses until there is an answer; `undefined` where the time is over before. */
  async resend<A>(send: () => Promise<A>, endMs: number): Promise<A | undefined> {
    const { clock } = this.environment;
    for (let number = 0; ; number += 1) {
      await this.pause(resendPauseMs(number, clock.random()));
      if (this.stopped || clock.nowMs() >= endMs) return undefined;
      try {
        return await send();
      } catch {
        // The store is still down; the claim is renewed meanwhile, and nobody waits.
      }
    }
  }

  /** Resolves when nothing goes on any more. */
  async idle(): Promise<void> {
    while (this.running > 0) await new Promise<void>((resolve) => this.idleOnes.push(resolve));
  }

  /** Ends all pauses: what has no answer by now is left to the lease. */
  stop(): void {
    this.stopped = true;
    for (const [timer, resume] of this.pauses) {
      timer.cancel();
      resume();
    }
    this.pauses.clear();
  }

  private pause(milliseconds: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.environment.clock.schedule(
        milliseconds,
        () => {
          this.pauses.delete(timer);
          resolve();
        },
        { idle: true },
      );
      this.pauses.set(timer, resolve);
    });
  }
}
