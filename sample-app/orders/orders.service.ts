import { Injectable } from '@nestjs/common';
import type { CallContext } from 'nestjs-selfheal';
import { Payments } from '../payments/payments.js';
import { type Cart, orderIdOf, type PaidOrder } from './order.js';

const ITEM_PRICE_CENTS = 2_499;

@Injectable()
export class OrdersService {
  constructor(private readonly payments: Payments) {}

  /**
   * Runs at most once at a time for a key, but again where the process of the first run died: perhaps after the
   * charge and before its answer was recorded, an instant that no store can close. So nothing here is made afresh:
   * the number of the order comes from customer and key, payments get it as their own idempotency key, and they charge
   * an order once. The second run is given the receipt of the first.
   */
  async place(cart: Cart, customer: string, call?: CallContext): Promise<PaidOrder> {
    const claim = call?.idempotency;
    if (claim === undefined) throw new Error('an order is placed under an idempotency key');
    const orderId = orderIdOf(customer, claim.key);
    const payment = await this.payments.charge(orderId, ITEM_PRICE_CENTS * cart.quantity);
    return { orderId, ...cart, payment };
  }
}
