import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../../sample-app/app.module.js';
import { HealingModule } from '../../sample-app/healing.module.js';
import { ScriptedUpstream } from './scripted-upstream.js';

const RECEIPT = { status: 201, body: { chargeId: 'ch-1', amountCents: 4_998 } };
const LAMPS = { sku: 'lamp', quantity: 2 };

interface OrderRequest {
  readonly key?: string;
  readonly customer?: string | undefined;
  readonly body?: object;
}

describe('orders', () => {
  const payments = new ScriptedUpstream();
  const servers = { REDIS_URL: process.env['REDIS_URL'], DATABASE_URL: process.env['DATABASE_URL'] };
  let app: INestApplication;

  beforeEach(async () => {
    // This shop has its records in memory.
    for (const name of Object.keys(servers)) delete process.env[name];
    await payments.open();
    payments.answers(RECEIPT);
    const { url } = payments;
    const urls = { payments: url, inventory: url, shipping: url };
    app = await NestFactory.create(AppModule.with(HealingModule, urls), {
      logger: false,
      forceCloseConnections: true,
    });
    await app.listen(0, '127.0.0.1');
  });

  afterEach(async () => {
    for (const [name, url] of Object.entries(servers)) if (url !== undefined) process.env[name] = url;
    await app.close();
    await payments.close();
    payments.received.length = 0;
  });

  async function order({ key, customer = 'ann', body = LAMPS }: OrderRequest) {
    const response = await fetch(`${await app.getUrl()}/orders`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(customer !== '' && { 'X-Customer': customer }),
        ...(key !== undefined && { 'Idempotency-Key': key }),
      },
      body: JSON.stringify(body),
    });
    const isReplayed = response.headers.get('Idempotency-Replayed') === 'true';
    return { status: response.status, isReplayed, text: await response.text() };
  }

  function keysAtPayments(): unknown[] {
    return payments.received.map(({ headers }) => headers['idempotency-key']);
  }

  async function counts(): Promise<unknown> {
    const stats = (await (await fetch(`${await app.getUrl()}/stats`)).json()) as { idempotency: unknown };
    return stats.idempotency;
  }

  it('charges once for a key, and answers the same again', async () => {
    const first = await order({ key: 'k-1' });
    const second = await order({ key: 'k-1' });

    expect(first).toMatchObject({ status: 201, isReplayed: false });
    expect(JSON.parse(first.text)).toMatchObject({ ...LAMPS, payment: RECEIPT.body });
    expect(second).toEqual({ ...first, isReplayed: true });
    expect(payments.received).toHaveLength(1);
    expect(await counts()).toEqual({ executed: 1, replayed: 1, tookOver: 0 });
  });

  it('answers a double click twice with one order', async () => {
    const [one, other] = await Promise.all([order({ key: 'k-1' }), order({ key: 'k-1' })]);

    expect([one.status, other.status]).toEqual([201, 201]);
    expect(one.text).toBe(other.text);
    expect([one.isReplayed, other.isReplayed].sort()).toEqual([false, true]);
    expect(payments.received).toHaveLength(1);
  });

  it('runs again after a failure, and names the same order to payments', async () => {
    payments.answers({ status: 422 }, RECEIPT);

    const failed = await order({ key: 'k-1' });
    const paid = await order({ key: 'k-1' });

    expect([failed.status, paid.status]).toEqual([502, 201]);
    const { orderId } = JSON.parse(paid.text) as { orderId: string };
    expect(keysAtPayments()).toEqual([orderId, orderId]);
  });

  it('does not sell another cart for a charge whose answer was lost', async () => {
    payments.answers({ status: 400 }, RECEIPT);
    await order({ key: 'k-1' });

    const other = await order({ key: 'k-1', body: { ...LAMPS, quantity: 3 } });

    expect(other.status).toBe(422);
    expect(other.text).toContain('another cart');
  });

  it('takes the same key of two customers for two orders', async () => {
    const ofAnn = await order({ key: 'k-1', customer: 'ann' });
    const ofBob = await order({ key: 'k-1', customer: 'bob' });

    expect([ofAnn, ofBob]).toMatchObject([
      { status: 201, isReplayed: false },
      { status: 201, isReplayed: false },
    ]);
    expect(new Set(keysAtPayments()).size).toBe(2);
  });

  it('refuses another order under a used key, a missing key and a stranger', async () => {
    await order({ key: 'k-1' });

    expect((await order({ key: 'k-1', body: { ...LAMPS, quantity: 3 } })).status).toBe(422);
    expect((await order({})).status).toBe(400);
    expect((await order({ key: 'k-2', customer: '' })).status).toBe(401);
    expect(payments.received).toHaveLength(1);
  });

  it('does not use up the key of what is no order', async () => {
    const refused = [{ sku: 'lamp' }, { quantity: 1 }, { ...LAMPS, quantity: 0.5 }];
    for (const body of refused) expect((await order({ key: 'k-1', body })).status).toBe(400);
    expect(payments.received).toEqual([]);

    expect(await order({ key: 'k-1' })).toMatchObject({ status: 201, isReplayed: false });
  });
});
