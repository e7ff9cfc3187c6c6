import { ConflictException, Injectable } from '@nestjs/common';
import { Inventory, type Stock } from '../inventory/inventory.js';
import { Payments, type Receipt } from '../payments/payments.js';
import { Shipping, type Quote } from '../shipping/shipping.js';
import type { Order } from './order.js';

const ITEM_PRICE_CENTS = 2_499;

/** The answer to a checkout; `degraded` names the upstreams that a substitute answered for. */
export interface Confirmation {
  readonly orderId: string;
  readonly stock: Stock;
  readonly shipping: Quote;
  readonly payment: Receipt;
  readonly degraded: readonly ('inventory' | 'shipping')[];
}

/** The same code over plain and over decorated services: it does not know which it was given. */
@Injectable()
export class CheckoutService {
  constructor(
    private readonly inventory: Inventory,
    private readonly shipping: Shipping,
    private readonly payments: Payments,
  ) {}

  async checkout(order: Order): Promise<Confirmation> {
    const beganAtMs = Date.now();
    const [stock, shipping] = await Promise.all([
      this.inventory.stockOf(order.sku),
      this.shipping.quoteFor(order.sku, order.quantity),
    ]);
    if (stock.available < order.quantity) throw new ConflictException(`${order.sku} is sold out`);

    const amountCents = ITEM_PRICE_CENTS * order.quantity + shipping.priceCents;
    const payment = await this.payments.charge(order.orderId, amountCents);

    // Stock that was read before this checkout began is the last good one.
    const isStockOld = stock.readAtMs < beganAtMs;
    const degraded = [
      ...(isStockOld ? (['inventory'] as const) : []),
      ...(shipping.isFlatRate ? (['shipping'] as const) : []),
    ];
    return { orderId: order.orderId, stock, shipping, payment, degraded };
  }
}
