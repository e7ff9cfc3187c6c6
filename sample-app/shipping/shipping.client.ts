import { Injectable } from '@nestjs/common';
import { UpstreamClient } from '../http/upstream.client.js';
import type { Quote } from './shipping.js';

@Injectable()
export class ShippingClient {
  constructor(private readonly upstreams: UpstreamClient) {}

  async quoteFor(sku: string, quantity: number, signal?: AbortSignal): Promise<Quote> {
    const path = `/quotes?sku=${encodeURIComponent(sku)}&quantity=${quantity}`;
    const request = { method: 'GET', path } as const;
    const quote = await this.upstreams.send<Omit<Quote, 'isFlatRate'>>('shipping', request, signal);
    return { ...quote, isFlatRate: false };
  }
}
