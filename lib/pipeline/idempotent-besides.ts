import { fieldOf } from '../core/error-facts.js';
import type { Outcome, StoredOutcome } from '../policies/idempotency/index.js';
import type { LiveClaim } from './idempotent-claim.js';
import type { OutcomeCapture, Settled } from './idempotent-call.js';

/** What a call says beside its value, as the status and headers that a route handler has set. */
export interface Besides {
  /** What the running call has said by now, as JSON can hold it; `undefined` where there is nothing. */
  taken(): unknown;
  /** Says it again, for a call that is given the value; `undefined` where nothing was kept. */
  said(kept: unknown): void;
}

/** Values, and what their calls say besides. */
export class ValuesAndMore implements OutcomeCapture {
  constructor(
    private readonly values: OutcomeCapture,
    private readonly besides: Besides,
  ) {}

  outcomeOf(settled: Settled, claim: LiveClaim): Outcome | 'unknown' {
    return this.values.outcomeOf(settled, claim);
  }

  async keep(outcome: Outcome, storedKey: string): Promise<StoredOutcome> {
    const besides = outcome.kind === 'value' ? this.besides.taken() : undefined;
    return withBesides(await this.values.keep(outcome, storedKey), besides);
  }

  async replay(stored: StoredOutcome, storedKey: string): Promise<unknown> {
    if (stored.kind === 'error') this.besides.said(undefined);
    const value = await this.values.replay(stored, storedKey);
    this.besides.said(fieldOf(JSON.parse(stored.metadata), 'besides'));
    return value;
  }
}

/** A stored value and what its call has said besides; `undefined` where there is nothing. */
export function withBesides(stored: StoredOutcome, besides: unknown): StoredOutcome {
  if (stored.kind !== 'value' || besides === undefined) return stored;
  const metadata = JSON.stringify({ ...(JSON.parse(stored.metadata) as object), besides });
  return { ...stored, metadata };
}
