import type { Timer } from '../core/clock.js';
import type { Environment } from '../core/environment.js';
import type { StoreCalls } from './idempotent-store-calls.js';

const BATCH = 1_000;

/** Removes records that are over, now and then, for all keys together; nothing waits for it. */
export class Sweeper {
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(
    private readonly calls: StoreCalls,
    private readonly intervalMs: number,
    private readonly environment: Environment,
  ) {}

  /** Begins with the first use of the store; later calls change nothing. */
  start(): void {
    if (this.timer === undefined && !this.isStopped) this.plan();
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private plan(): void {
    const { clock } = this.environment;
    // Jittered, so that replicas do not all come at once.
    const delayMs = this.intervalMs * (0.75 + clock.random() / 2);
    this.timer = clock.schedule(delayMs, () => void this.sweep(), { idle: true });
  }

  private async sweep(): Promise<void> {
    const { calls } = this;
    try {
      let removed = BATCH;
      while (removed >= BATCH && !this.isStopped) {
        removed = await calls.bounded((options) => calls.store.sweep(BATCH, options));
      }
    } catch {
      // What is over counts for nothing, removed or not; the next time will do.
    }
    if (!this.isStopped) this.plan();
  }
}
