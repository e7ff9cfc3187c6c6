import { Injectable } from '@nestjs/common';
import { CallContext, CircuitBreaker, Fallback, Retryable, TimeLimiter } from 'nestjs-selfheal';
import { ShippingClient } from './shipping.client.js';
import type { Quote, Shipping } from './shipping.js';

const FLAT_RATE: Quote = { carrier: 'flat rate', priceCents: 990, isFlatRate: true };

/** Degrades to a flat rate when no carrier can be asked. */
@Injectable()
export class ShippingService implements Shipping {
  constructor(private readonly client: ShippingClient) {}

  @Fallback({ value: FLAT_RATE })
  @Retryable()
  @CircuitBreaker('shipping')
  @TimeLimiter({ attemptTimeout: '400ms', totalTimeout: '1s' })
  quoteFor(sku: string, quantity: number, @CallContext() call?: CallContext): Promise<Quote> {
    return this.client.quoteFor(sku, quantity, call?.signal);
  }
}
