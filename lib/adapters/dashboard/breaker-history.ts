import type { CircuitBreakerStateChangedEvent } from '../../core/index.js';

/** So many changes are remembered of each breaker, and of so many breakers. */
const CHANGES_KEPT = 24;
const BREAKERS_KEPT = 1_000;

/** A change of state: when, from what and to what. */
export type BreakerChange = readonly [atMs: number, from: string, to: string];

/** The last changes of state of each breaker. */
export class BreakerHistory {
  private readonly byName = new Map<string, BreakerChange[]>();

  hear({ policy, timestampMs, from, to, keyed }: CircuitBreakerStateChangedEvent): void {
    // The state of one key of many is not the state of the breaker; the time line tells it.
    if (keyed) return;
    const changes = this.byName.get(policy) ?? [];
    if (changes.length === 0 && this.byName.size >= BREAKERS_KEPT) return;
    changes.push([timestampMs, from, to]);
    if (changes.length > CHANGES_KEPT) changes.shift();
    this.byName.set(policy, changes);
  }

  /** The changes of one breaker, oldest first. */
  of(name: string): readonly BreakerChange[] {
    return this.byName.get(name) ?? [];
  }
}
