export interface Quote {
  readonly carrier: string;
  readonly priceCents: number;
  /** True when no carrier was asked and the shop's flat rate stands in. */
  readonly isFlatRate: boolean;
}

/** What a checkout needs of shipping; the modules say which service stands behind it. */
export abstract class Shipping {
  abstract quoteFor(sku: string, quantity: number): Promise<Quote>;
}
