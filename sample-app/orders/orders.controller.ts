import { Body, Controller, Post, Req, UseGuards } from '@nestjs/common';
import { CallContext, Idempotent } from 'nestjs-selfheal';
import { CartPipe } from './cart.pipe.js';
import { CustomerGuard, customerOf } from './customer.guard.js';
import type { Cart, PaidOrder } from './order.js';
import { OrdersService } from './orders.service.js';

@Controller('orders')
@UseGuards(CustomerGuard)
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  /**
   * One order for one `Idempotency-Key` of one customer, however often it is asked for. Who asks again meanwhile waits
   * for the answer; who asks again behind a process that has died takes over when that has been silent for the lease.
   */
  @Post()
  @Idempotent({
    operation: 'orders.create',
    scope: ({ request }) => customerOf(request),
    onInFlight: 'wait',
    lease: '2s', // a customer is waiting; the default of 30 s suits what nobody waits for
  })
  create(
    @Body(CartPipe) cart: Cart,
    @Req() request: unknown,
    @CallContext() call?: CallContext,
  ): Promise<PaidOrder> {
    return this.orders.place(cart, customerOf(request), call);
  }
}
