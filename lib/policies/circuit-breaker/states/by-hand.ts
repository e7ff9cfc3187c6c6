import { BreakerState, UNRECORDED } from './breaker-state.js';

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
