import { Injectable } from '@nestjs/common';
import { CallContext, CircuitBreaker, Fallback, Retryable, TimeLimiter } from 'nestjs-selfheal';
import { InventoryClient } from './inventory.client.js';
import type { Inventory, Stock } from './inventory.js';

/** Serves the last good stock of an item while its breaker is open or the upstream fails. */
@Injectable()
export class InventoryService implements Inventory {
  constructor(private readonly client: InventoryClient) {}

  @Fallback({ lastGood: { maxAge: '5m' } })
  @Retryable()
  @CircuitBreaker('inventory')
  @TimeLimiter({ attemptTimeout: '400ms', totalTimeout: '1s' })
  stockOf(sku: string, @CallContext() call?: CallContext): Promise<Stock> {
    return this.client.stockOf(sku, call?.signal);
  }
}
