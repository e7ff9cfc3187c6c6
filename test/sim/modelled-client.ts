import type { Client, ClientMaker, Send } from './client.js';
import type { World } from './world.js';

/** When a process may retry, in the terms of the systems that have a rule for it. */
export interface RetryAllowance {
  /** A call begins. */
  onCall?(): void;
  /** A call has ended. */
  onEnd?(): void;
  /** An attempt succeeded; attempts count from 1. */
  onSuccess?(attempt: number): void;
  /** An attempt failed. */
  onFailure?(): void;
  /** Asks for a retry. */
  mayRetry(): boolean;
  /** The retry that was allowed is over. */
  onRetried?(): void;
}

export interface ModelledRetry {
  readonly maxAttempts: number;
  /** The wait after attempt n, from 1; `random` gives numbers in [0, 1). */
  readonly delayMs: (attempt: number, random: () => number) => number;
  readonly attemptTimeoutMs?: number;
  readonly allowance?: (world: World) => RetryAllowance;
}

const UNLIMITED: RetryAllowance = { mayRetry: () => true };

/** A client of another system, after what that system's documentation and source say it does by default. */
export function modelled(retry: ModelledRetry): ClientMaker {
  return (world) => new ModelledClient(world, retry, retry.allowance?.(world) ?? UNLIMITED).asClient();
}

class ModelledClient {
  constructor(
    private readonly world: World,
    private readonly retry: ModelledRetry,
    private readonly allowance: RetryAllowance,
  ) {}

  asClient(): Client {
    return async (send) => {
      this.allowance.onCall?.();
      try {
        return await this.attempts(send);
      } finally {
        this.allowance.onEnd?.();
      }
    };
  }

  private async attempts(send: Send): Promise<unknown> {
    const { maxAttempts, delayMs } = this.retry;
    for (let attempt = 1; ; attempt += 1) {
      const { error, answer } = await this.outcomeOf(send);
      if (attempt > 1) this.allowance.onRetried?.();
      if (error === undefined) {
        this.allowance.onSuccess?.(attempt);
        return answer;
      }
      this.allowance.onFailure?.();
      if (attempt === maxAttempts || !this.allowance.mayRetry()) throw error;
      await this.world.wait(delayMs(attempt, () => this.world.clock.random()));
    }
  }

  private async outcomeOf(send: Send): Promise<{ readonly error?: Error; readonly answer?: unknown }> {
    try {
      return { answer: await this.limited(send) };
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  private limited(send: Send): Promise<unknown> {
    const { attemptTimeoutMs } = this.retry;
    if (attemptTimeoutMs === undefined) return send();
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error('timeout'));
      const timer = this.world.clock.schedule(attemptTimeoutMs, late, { detached: true });
      const settle = (outcome: () => void): void => {
        timer.cancel();
        outcome();
      };
      send().then(
        (answer) => settle(() => resolve(answer)),
        (error: Error) => settle(() => reject(error)),
      );
    });
  }
}
