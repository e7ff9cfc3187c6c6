import { createHash } from 'node:crypto';
import type { Receipt } from '../payments/payments.js';

/** What a customer wants to buy. */
export interface Cart {
  readonly sku: string;
  readonly quantity: number;
}

/** An order that has been paid for. */
export interface PaidOrder extends Cart {
  readonly orderId: string;
  readonly payment: Receipt;
}

/** The same customer and key are the same order, in every process; other customers may use the same key. */
export function orderIdOf(customer: string, key: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([customer, key]))
    .digest('hex');
  return `order-${digest.slice(0, 32)}`;
}
