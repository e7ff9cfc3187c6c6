import { Injectable } from '@nestjs/common';
import { UpstreamClient } from '../http/upstream.client.js';
import type { Stock } from './inventory.js';

@Injectable()
export class InventoryClient {
  constructor(private readonly upstreams: UpstreamClient) {}

  async stockOf(sku: string, signal?: AbortSignal): Promise<Stock> {
    const request = { method: 'GET', path: `/stock/${encodeURIComponent(sku)}` } as const;
    const { available } = await this.upstreams.send<{ available: number }>('inventory', request, signal);
    return { sku, available, readAtMs: Date.now() };
  }
}
