const CART = { sku: 'lamp', quantity: 1 };
/** Longer than a lease and a payment take. */
const PATIENCE_MS = 15_000;

/** An answer to `POST /orders`. */
export interface OrderAnswer {
  readonly status: number;
  readonly orderId: string | undefined;
  readonly isReplayed: boolean;
}

/** A customer's application; counts what it sends. */
export class OrderClient {
  private sent = 0;

  get requests(): number {
    return this.sent;
  }

  /** Undefined when there was no answer: the client went away, or the connection broke. */
  async order(url: string, key: string, leaving?: AbortSignal): Promise<OrderAnswer | undefined> {
    this.sent += 1;
    const patience = AbortSignal.timeout(PATIENCE_MS);
    try {
      const response = await fetch(`${url}/orders`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Customer': 'ann', 'Idempotency-Key': key },
        body: JSON.stringify(CART),
        signal: leaving === undefined ? patience : AbortSignal.any([leaving, patience]),
      });
      const { orderId } = (await response.json()) as { orderId?: string };
      const isReplayed = response.headers.get('Idempotency-Replayed') === 'true';
      return { status: response.status, orderId, isReplayed };
    } catch {
      return undefined;
    }
  }
}
