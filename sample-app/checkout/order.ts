import { BadRequestException } from '@nestjs/common';

/** What a customer wants to buy. */
export interface Order {
  readonly orderId: string;
  readonly sku: string;
  readonly quantity: number;
}

/** @throws {BadRequestException} when the body is not an order */
export function orderFrom(body: unknown): Order {
  const { orderId, sku, quantity } = (body ?? {}) as Partial<Record<keyof Order, unknown>>;
  if (typeof orderId !== 'string' || orderId === '')
    throw new BadRequestException('orderId: a text is needed');
  if (typeof sku !== 'string' || sku === '') throw new BadRequestException('sku: a text is needed');
  if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 1) {
    throw new BadRequestException('quantity: a whole number from 1 on is needed');
  }
  return { orderId, sku, quantity };
}
