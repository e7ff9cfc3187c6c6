import { describe, expect, it } from '@jest/globals';
import { BadRequestException } from '@nestjs/common';
import { orderFrom } from '../../sample-app/checkout/order.js';

describe('order', () => {
  it('takes what a customer sends', () => {
    expect(orderFrom({ orderId: 'o-1', sku: 'lamp', quantity: 2, other: true })).toEqual({
      orderId: 'o-1',
      sku: 'lamp',
      quantity: 2,
    });
  });

  it.each([
    undefined,
    null,
    'text',
    {},
    { orderId: '', sku: 'lamp', quantity: 1 },
    { orderId: 'o-1', sku: 7, quantity: 1 },
    { orderId: 'o-1', sku: 'lamp', quantity: 0 },
    { orderId: 'o-1', sku: 'lamp', quantity: 1.5 },
  ])('refuses %j', (body) => {
    expect(() => orderFrom(body)).toThrow(BadRequestException);
  });
});
