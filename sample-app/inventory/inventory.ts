export interface Stock {
  readonly sku: string;
  readonly available: number;
  /** When the upstream gave this answer, in milliseconds since 1970. */
  readonly readAtMs: number;
}

/** What a checkout needs of the inventory; the modules say which service stands behind it. */
export abstract class Inventory {
  abstract stockOf(sku: string): Promise<Stock>;
}
