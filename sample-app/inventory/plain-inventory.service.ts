import { Injectable } from '@nestjs/common';
import { InventoryClient } from './inventory.client.js';
import type { Inventory, Stock } from './inventory.js';

@Injectable()
export class PlainInventoryService implements Inventory {
  constructor(private readonly client: InventoryClient) {}

  stockOf(sku: string): Promise<Stock> {
    return this.client.stockOf(sku);
  }
}
