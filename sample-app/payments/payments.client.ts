import { Injectable } from '@nestjs/common';
import { UpstreamClient } from '../http/upstream.client.js';
import type { Receipt } from './payments.js';

@Injectable()
export class PaymentsClient {
  constructor(private readonly upstreams: UpstreamClient) {}

  /** The key makes a second try safe: the upstream charges an order once, however often it is asked. */
  charge(orderId: string, amountCents: number, signal?: AbortSignal): Promise<Receipt> {
    return this.upstreams.send<Receipt>(
      'payments',
      {
        method: 'POST',
        path: '/charges',
        headers: { 'Idempotency-Key': orderId },
        body: { orderId, amountCents },
      },
      signal,
    );
  }
}
