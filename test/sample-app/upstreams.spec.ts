import { describe, expect, it } from '@jest/globals';
import { seededChance } from '../../sample-app/upstreams/chance.js';
import { handlerOf, type UpstreamCall } from '../../sample-app/upstreams/handlers.js';
import { WorkQueue } from '../../sample-app/upstreams/work-queue.js';

function chargeOf(orderId: string, headers: UpstreamCall['headers'] = {}): UpstreamCall {
  const body = JSON.stringify({ orderId, amountCents: 100 });
  return { method: 'POST', url: new URL('http://payments/charges'), headers, body };
}

const CHARGE_BOOK: UpstreamCall = {
  method: 'GET',
  url: new URL('http://payments/charges'),
  headers: {},
  body: '',
};

describe('upstreams', () => {
  it('charge an order once per idempotency key', () => {
    const payments = handlerOf('payments');

    const first = payments(chargeOf('order-1', { 'idempotency-key': 'order-1' }));
    const second = payments(chargeOf('order-1', { 'idempotency-key': 'order-1' }));

    expect(second).toEqual(first);
    expect(payments(CHARGE_BOOK).body).toEqual({ orders: 1, charges: 1, chargedTwice: 0 });
  });

  it('charge again without a key, and the charge book shows it', () => {
    const payments = handlerOf('payments');

    payments(chargeOf('order-1'));
    payments(chargeOf('order-1'));

    expect(payments(CHARGE_BOOK).body).toEqual({ orders: 1, charges: 2, chargedTwice: 1 });
  });

  it('work one request after another, also those that came during an outage', () => {
    const queue = new WorkQueue(10);

    const done = [
      queue.add(0),
      queue.add(0),
      queue.add(100),
      queue.add(110, 500),
      queue.add(120, 500),
      queue.add(505),
    ];

    expect(done).toEqual([10, 20, 110, 510, 520, 530]);
  });

  it('meet the same faults for the same seed', () => {
    const [one, other, third] = ['payments', 'payments', 'inventory'].map((seed) => {
      const chance = seededChance(seed);
      return Array.from({ length: 1_000 }, () => chance());
    });

    expect(one).toEqual(other);
    expect(third).not.toEqual(one);
    const share = (one ?? []).filter((value) => value < 0.2).length / 1_000;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.25);
  });
});
