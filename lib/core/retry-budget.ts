/** The account that bounds how much retrying adds to the load; see the room `policies/retry-budget`. */
export interface RetryBudget {
  readonly name: string;
  /** Takes a token for a retry or a hedge; `false` where there is none. */
  tryTake(): boolean;
  /** Gives back a token whose retry succeeded, or did not start. */
  giveBack(reason: 'succeeded' | 'not-started'): void;
  /** A first attempt succeeded. */
  deposit(): void;
}
