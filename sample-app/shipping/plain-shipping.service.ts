import { Injectable } from '@nestjs/common';
import { ShippingClient } from './shipping.client.js';
import type { Quote, Shipping } from './shipping.js';

@Injectable()
export class PlainShippingService implements Shipping {
  constructor(private readonly client: ShippingClient) {}

  quoteFor(sku: string, quantity: number): Promise<Quote> {
    return this.client.quoteFor(sku, quantity);
  }
}
