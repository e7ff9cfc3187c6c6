import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import type { Cart } from './order.js';

/** Refuses what is no cart. A refusal by a pipe does not use up the request's idempotency key; one by a handler would. */
@Injectable()
export class CartPipe implements PipeTransform<unknown, Cart> {
  /** @throws {BadRequestException} naming what is missing */
  transform(body: unknown): Cart {
    const { sku, quantity } = (body ?? {}) as Partial<Record<keyof Cart, unknown>>;
    if (typeof sku !== 'string' || sku === '') throw new BadRequestException('sku: a text is needed');
    if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 1) {
      throw new BadRequestException('quantity: a whole number from 1 on is needed');
    }
    return { sku, quantity };
  }
}
