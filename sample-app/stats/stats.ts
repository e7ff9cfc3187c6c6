import { Injectable } from '@nestjs/common';
import { UpstreamClient } from '../http/upstream.client.js';

/** What the application tells of itself. */
export interface StatsReport {
  /** Requests sent to the upstreams since the start. */
  readonly upstreamCalls: number;
  /** What the healing half adds; the plain half has nothing of the kind. */
  readonly healing?: HealingReport;
  /** The orders of this process, likewise. */
  readonly idempotency?: IdempotencyReport;
}

/** What became of the requests that came with an idempotency key. */
export interface IdempotencyReport {
  /** Runs that came to their end. */
  readonly executed: number;
  readonly replayed: number;
  /** Runs that stepped in for one that ended in silence. */
  readonly tookOver: number;
}

interface HealingReport {
  readonly retries: number;
  /** What is left in the retry budget. */
  readonly budgetTokens: number;
  readonly breakers: Readonly<Record<string, string>>;
}

/** Tells how many requests went to the upstreams. */
@Injectable()
export class Stats {
  constructor(private readonly upstreams: UpstreamClient) {}

  report(): StatsReport {
    const { payments, inventory, shipping } = this.upstreams.calls;
    return { upstreamCalls: payments + inventory + shipping };
  }
}
