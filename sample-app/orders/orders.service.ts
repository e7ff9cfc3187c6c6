import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import type { CallContext } from 'nestjs-selfheal';
import { Payments } from '../payments/payments.js';
import { type Cart, orderIdOf, type PaidOrder } from './order.js';

const ITEM_PRICE_CENTS = 2_499;

@Injectable()
export class OrdersService {
  constructor(private readonly payments: Payments) {}

  /**
   * Runs again where the process of the first run died or was silent for too long: perhaps after the charge and before
   * its answer was recorded, an instant that no store can close. So nothing here is made afresh: the number of the
   * order comes from customer and key, payments get it as their own idempotency key, and they charge an order once.
   * The second run is given the receipt of the first.
   *
   * @throws {UnprocessableEntityException} when the order has been charged as another cart
   */
  async place(cart: Cart, customer: string, call?: CallContext): Promise<PaidOrder> {
    const claim = call?.idempotency;
    if (claim === undefined) throw new Error('an order is placed under an idempotency key');
    const orderId = orderIdOf(customer, claim.key);
    const amountCents = ITEM_PRICE_CENTS * cart.quantity;
    const payment = await this.payments.charge(orderId, amountCents);
    // A run that failed after the charge has freed the key for another cart; the charge stands.
    if (payment.amountCents !== amountCents)
      throw new UnprocessableEntityException('charged as another cart');
    return { orderId, ...cart, payment };
  }
}
