import { BreakerState, UNRECORDED } from './breaker-state.js';
import { Closed } from './closed.js';

/** Lets nobody through until a hand ends it. */
export class ForcedOpen extends BreakerState {
  get name(): 'forced-open' {
    return 'forced-open';
  }

  admit(): undefined {
    return undefined;
  }
}

/** Lets everybody through and learns nothing from it. */
export class Disabled extends BreakerState {
  get name(): 'disabled' {
    return 'disabled';
  }

  admit(): number {
    return UNRECORDED;
  }
}

/** The state that a breaker begins in: what a hand has set before, else closed. */
export function beginning(hand: 'forced-open' | 'disabled' | undefined): BreakerState {
  if (hand === undefined) return new Closed(0);
  return hand === 'disabled' ? new Disabled(0) : new ForcedOpen(0);
}
