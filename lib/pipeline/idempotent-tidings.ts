import type { EventSink, NewEvent } from '../core/events.js';
import { IDEMPOTENT, keyHashOf, type OutcomeKind, type StorePhase } from '../policies/idempotency/index.js';

/** Facts of an event beside those that all of them carry. */
type Own<K extends NewEvent['kind']> = Omit<
  Extract<NewEvent, { kind: K }>,
  'kind' | 'operation' | 'policy' | 'keyHash'
>;

/** Tells of one guarded call; never of its key. */
export class Tidings {
  constructor(
    private readonly events: EventSink,
    private readonly operation: string,
    private readonly storedKey: string,
  ) {}

  /** Asked for by whoever has made sure that somebody wants to hear of it. */
  executed(own: Own<'idempotency.executed'>): void {
    this.events.emit({ kind: 'idempotency.executed', ...this.base, ...own });
  }

  replayed(outcome: OutcomeKind | 'unavailable', compared: boolean): void {
    if (!this.events.isAwaited('idempotency.replayed')) return;
    const told = outcome === 'tombstone' ? 'unavailable' : outcome;
    this.events.emit({ kind: 'idempotency.replayed', ...this.base, outcome: told, compared });
  }

  inFlight(waitedMs: number, reentrant = false): void {
    if (!this.events.isAwaited('idempotency.in-flight')) return;
    this.events.emit({ kind: 'idempotency.in-flight', ...this.base, waitedMs, reentrant });
  }

  mismatch(state: 'completed' | 'in-progress'): void {
    if (!this.events.isAwaited('idempotency.mismatch')) return;
    this.events.emit({ kind: 'idempotency.mismatch', ...this.base, state });
  }

  takenOver(attempts: number): void {
    if (!this.events.isAwaited('idempotency.taken-over')) return;
    this.events.emit({ kind: 'idempotency.taken-over', ...this.base, attempts });
  }

  storeDown(phase: StorePhase, error: unknown, ranUnguarded = false): void {
    if (!this.events.isAwaited('idempotency.store-down')) return;
    this.events.emit({ kind: 'idempotency.store-down', ...this.base, phase, ranUnguarded, error });
  }

  private get base() {
    return { operation: this.operation, policy: IDEMPOTENT, keyHash: keyHashOf(this.storedKey) };
  }
}
