import { Injectable } from '@nestjs/common';
import { UpstreamClient } from '../http/upstream.client.js';

/** What the application tells of itself. */
export interface StatsReport {
  /** Requests sent to the upstreams since the start. */
  readonly upstreamCalls: number;
  /** What the healing half adds; the plain half has nothing of the kind. */
  readonly healing?: HealingReport;
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
