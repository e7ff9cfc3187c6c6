import { Injectable } from '@nestjs/common';
import { CallContext, CircuitBreaker, Retryable, TimeLimiter } from 'nestjs-selfheal';
import { PaymentsClient } from './payments.client.js';
import type { Payments, Receipt } from './payments.js';

/** Tries again under a breaker and a time limit; there is no substitute for a payment. */
@Injectable()
export class PaymentsService implements Payments {
  constructor(private readonly client: PaymentsClient) {}

  @Retryable()
  @CircuitBreaker('payments')
  @TimeLimiter({ attemptTimeout: '800ms', totalTimeout: '3s' })
  charge(orderId: string, amountCents: number, @CallContext() call?: CallContext): Promise<Receipt> {
    return this.client.charge(orderId, amountCents, call?.signal);
  }
}
