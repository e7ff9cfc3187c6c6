import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CircuitBreakerRegistry, ResilienceEvents, RetryBudgetRegistry } from 'nestjs-selfheal';
import type { Subscription } from 'rxjs';
import { UpstreamClient } from '../http/upstream.client.js';
import { Stats, type StatsReport } from './stats.js';

/** Adds what the library tells of itself: retries, budget and breakers, and what became of idempotency keys. */
@Injectable()
export class HealingStats extends Stats implements OnApplicationShutdown {
  private readonly counts = {
    'retry.scheduled': 0,
    'idempotency.executed': 0,
    'idempotency.replayed': 0,
    'idempotency.taken-over': 0,
  };
  private readonly subscription: Subscription;

  constructor(
    upstreams: UpstreamClient,
    events: ResilienceEvents,
    private readonly budgets: RetryBudgetRegistry,
    private readonly breakers: CircuitBreakerRegistry,
  ) {
    super(upstreams);
    this.subscription = events.subscribe(({ kind }) => {
      if (isCounted(this.counts, kind)) this.counts[kind] += 1;
    });
  }

  override report(): StatsReport {
    const breakers = this.breakers.list().map(({ name, state }) => [name, state] as const);
    const { counts } = this;
    const healing = {
      retries: counts['retry.scheduled'],
      budgetTokens: this.budgets.get('default').snapshot().balance,
      breakers: Object.fromEntries(breakers),
    };
    const idempotency = {
      executed: counts['idempotency.executed'],
      replayed: counts['idempotency.replayed'],
      tookOver: counts['idempotency.taken-over'],
    };
    return { ...super.report(), healing, idempotency };
  }

  onApplicationShutdown(): void {
    this.subscription.unsubscribe();
  }
}

function isCounted<T extends object>(counts: T, kind: PropertyKey): kind is keyof T {
  return Object.hasOwn(counts, kind);
}
