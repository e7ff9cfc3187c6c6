import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../../sample-app/app.module.js';
import { HealingModule } from '../../sample-app/healing.module.js';
import { PlainModule } from '../../sample-app/plain.module.js';
import { ScriptedUpstream } from './scripted-upstream.js';

const STOCK = { body: { available: 10 } };
const QUOTE = { body: { carrier: 'Northwind Parcel', priceCents: 500 } };
const RECEIPT = { status: 201, body: { chargeId: 'ch-1', amountCents: 2_999 } };
const UNAVAILABLE = { status: 503 };

describe('checkout', () => {
  const payments = new ScriptedUpstream();
  const inventory = new ScriptedUpstream();
  const shipping = new ScriptedUpstream();
  let app: INestApplication;

  beforeEach(async () => {
    await Promise.all([payments.open(), inventory.open(), shipping.open()]);
    payments.answers(RECEIPT);
    inventory.answers(STOCK);
    shipping.answers(QUOTE);
  });

  afterEach(async () => {
    await app.close();
    await Promise.all([payments, inventory, shipping].map((upstream) => upstream.close()));
    for (const { received } of [payments, inventory, shipping]) received.length = 0;
  });

  async function open(services: Type): Promise<void> {
    const urls = { payments: payments.url, inventory: inventory.url, shipping: shipping.url };
    app = await NestFactory.create(AppModule.with(services, urls), {
      logger: false,
      forceCloseConnections: true,
    });
    await app.listen(0, '127.0.0.1');
  }

  async function checkout(body: object = { orderId: 'order-1', sku: 'lamp', quantity: 1 }) {
    const response = await fetch(`${await app.getUrl()}/checkout`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  async function stats(): Promise<unknown> {
    return (await fetch(`${await app.getUrl()}/stats`)).json();
  }

  describe.each([
    ['plain', PlainModule],
    ['healing', HealingModule],
  ])('over %s services', (_name, services) => {
    it('answers in full while all is well', async () => {
      await open(services);

      const { status, body } = await checkout();

      expect(status).toBe(201);
      expect(body).toMatchObject({ orderId: 'order-1', payment: RECEIPT.body, degraded: [] });
      expect(await stats()).toMatchObject({ upstreamCalls: 3 });
    });

    it('refuses what is no order, and what is sold out', async () => {
      await open(services);

      expect((await checkout({ sku: 'lamp' })).status).toBe(400);
      expect((await checkout({ orderId: 'order-1', sku: 'lamp', quantity: 11 })).status).toBe(409);
      expect(payments.received).toEqual([]);
    });
  });

  it('fails with plain services when one upstream fails', async () => {
    await open(PlainModule);
    payments.answers(UNAVAILABLE, RECEIPT);

    expect((await checkout()).status).toBe(502);
    expect(payments.received).toHaveLength(1);
  });

  it('tries a payment again under the same idempotency key', async () => {
    await open(HealingModule);
    payments.answers(UNAVAILABLE, UNAVAILABLE, RECEIPT);

    expect((await checkout()).status).toBe(201);
    expect(payments.received.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'order-1',
      'order-1',
      'order-1',
    ]);
    expect(await stats()).toMatchObject({ upstreamCalls: 5, healing: { retries: 2 } });
  });

  it('waits with a payment as long as the upstream has asked', async () => {
    await open(HealingModule);
    payments.answers({ ...UNAVAILABLE, headers: { 'Retry-After': '1' } }, RECEIPT);
    const beganAtMs = performance.now();

    expect((await checkout()).status).toBe(201);

    expect(performance.now() - beganAtMs).toBeGreaterThanOrEqual(990);
    expect(payments.received).toHaveLength(2);
  });

  it('does not try again what the upstream refuses for good', async () => {
    await open(HealingModule);
    payments.answers({ status: 422 });

    expect((await checkout()).status).toBe(502);
    expect(payments.received).toHaveLength(1);
  });

  it('serves the last good stock and says so', async () => {
    await open(HealingModule);
    await checkout();
    inventory.answers(UNAVAILABLE);

    const { status, body } = await checkout();

    expect(status).toBe(201);
    expect(body).toMatchObject({ stock: { sku: 'lamp', available: 10 }, degraded: ['inventory'] });
  });

  it('has no stock to serve of an item that was never read', async () => {
    await open(HealingModule);
    inventory.answers(UNAVAILABLE);

    expect((await checkout()).status).toBe(502);
  });

  it('degrades to the flat rate and says so', async () => {
    await open(HealingModule);
    shipping.answers(UNAVAILABLE);

    const { status, body } = await checkout();

    expect(status).toBe(201);
    expect(body).toMatchObject({ shipping: { priceCents: 990, isFlatRate: true }, degraded: ['shipping'] });
  });

  it('answers 503 with Retry-After, and asks nobody, while the breaker of the payments is open', async () => {
    await open(HealingModule);
    payments.answers(UNAVAILABLE);
    await checkout();
    await checkout();
    const asked = payments.received.length;

    const { status, headers, body } = await checkout();

    expect(asked).toBe(5);
    expect(payments.received).toHaveLength(asked);
    expect(status).toBe(503);
    expect(headers.get('Retry-After')).toBe('1');
    expect(body).toMatchObject({ code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN' });
    expect(await stats()).toMatchObject({ healing: { breakers: { payments: 'open' } } });
  });
});
