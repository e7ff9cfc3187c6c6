import { Injectable } from '@nestjs/common';
import { PaymentsClient } from './payments.client.js';
import type { Payments, Receipt } from './payments.js';

@Injectable()
export class PlainPaymentsService implements Payments {
  constructor(private readonly client: PaymentsClient) {}

  charge(orderId: string, amountCents: number): Promise<Receipt> {
    return this.client.charge(orderId, amountCents);
  }
}
