import { Body, Controller, Post } from '@nestjs/common';
import { CheckoutService, type Confirmation } from './checkout.service.js';
import { orderFrom } from './order.js';

@Controller('checkout')
export class CheckoutController {
  constructor(private readonly checkouts: CheckoutService) {}

  @Post()
  checkout(@Body() body: unknown): Promise<Confirmation> {
    return this.checkouts.checkout(orderFrom(body));
  }
}
