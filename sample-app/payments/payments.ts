export interface Receipt {
  readonly chargeId: string;
  readonly amountCents: number;
}

/** What a checkout needs of payments; the modules say which service stands behind it. */
export abstract class Payments {
  abstract charge(orderId: string, amountCents: number): Promise<Receipt>;
}
