import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CircuitBreakerRegistry, ResilienceEvents, RetryBudgetRegistry } from 'nestjs-selfheal';
import type { Subscription } from 'rxjs';
import { UpstreamClient } from '../http/upstream.client.js';
import { Stats, type StatsReport } from './stats.js';

/** Adds what the library tells of itself: retries, budget and breakers. */
@Injectable()
export class HealingStats extends Stats implements OnApplicationShutdown {
  private retries = 0;
  private readonly subscription: Subscription;

  constructor(
    upstreams: UpstreamClient,
    events: ResilienceEvents,
    private readonly budgets: RetryBudgetRegistry,
    private readonly breakers: CircuitBreakerRegistry,
  ) {
    super(upstreams);
    this.subscription = events.subscribe((event) => {
      if (event.kind === 'retry.scheduled') this.retries += 1;
    });
  }

  override report(): StatsReport {
    const breakers = this.breakers.list().map(({ name, state }) => [name, state] as const);
    const healing = {
      retries: this.retries,
      budgetTokens: this.budgets.get('default').snapshot().balance,
      breakers: Object.fromEntries(breakers),
    };
    return { ...super.report(), healing };
  }

  onApplicationShutdown(): void {
    this.subscription.unsubscribe();
  }
}
