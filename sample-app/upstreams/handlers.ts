import type { IncomingHttpHeaders } from 'node:http';
import type { UpstreamName } from './fault-plan.js';

export interface UpstreamCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface UpstreamAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What an upstream does when nothing is wrong with it. */
export type Handler = (call: UpstreamCall) => UpstreamAnswer;

/** How often each order was charged; asked by the demo, never hit by a fault. */
export interface ChargeBook {
  readonly orders: number;
  readonly charges: number;
  readonly chargedTwice: number;
}

/** Charges an order once per idempotency key, and every time when there is no key. */
function paymentsHandler(): Handler {
  const receipts = new Map<string, UpstreamAnswer>();
  const charges = new Map<string, number>();
  return ({ method, headers, body }) => {
    if (method === 'GET') return { status: 200, body: chargeBook(charges) };
    const key = headers['idempotency-key'];
    const known = typeof key === 'string' ? receipts.get(key) : undefined;
    if (known !== undefined) return known;

    const { orderId, amountCents } = JSON.parse(body) as { orderId: string; amountCents: number };
    charges.set(orderId, (charges.get(orderId) ?? 0) + 1);
    const receipt = { status: 201, body: { chargeId: `ch-${orderId}`, amountCents } };
    if (typeof key === 'string') receipts.set(key, receipt);
    return receipt;
  };
}

function chargeBook(charges: ReadonlyMap<string, number>): ChargeBook {
  const times = [...charges.values()];
  return {
    orders: charges.size,
    charges: times.reduce((sum, each) => sum + each, 0),
    chargedTwice: times.filter((each) => each > 1).length,
  };
}

const inventoryHandler: Handler = ({ url }) => {
  const sku = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  return { status: 200, body: { sku, available: 1_000 } };
};

const shippingHandler: Handler = ({ url }) => {
  const quantity = Number(url.searchParams.get('quantity') ?? 1);
  return { status: 200, body: { carrier: 'Northwind Parcel', priceCents: 490 + 60 * quantity } };
};

export function handlerOf(name: UpstreamName): Handler {
  switch (name) {
    case 'payments':
      return paymentsHandler();
    case 'inventory':
      return inventoryHandler;
    case 'shipping':
      return shippingHandler;
  }
}
