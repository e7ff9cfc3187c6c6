import type { EventBase } from './event-base.js';

/** What every event of idempotency carries; never the key itself. */
export interface IdempotencyEventBase extends EventBase {
  /** The beginning of the stored key's digest. */
  readonly keyHash: string;
}

/** What became of the record of a guarded call that ran. */
export type IdempotencyRecording =
  'stored' | 'released' | 'tombstone' | 'recreated' | 'superseded' | 'pending' | 'none';

/** A guarded call owned its key and ended. */
export interface IdempotencyExecutedEvent extends IdempotencyEventBase {
  /** Tells the event apart. */
  readonly kind: 'idempotency.executed';
  /** `pending`: the caller has its answer, the record is still being written or the work still runs. */
  readonly recorded: IdempotencyRecording;
  /** Claims that the record has seen. */
  readonly attempts: number;
  /** How long the run took. */
  readonly durationMs: number;
  /** Whether the option `alreadyDone` answered in the method's place. */
  readonly alreadyDone: boolean;
  /** Whether the claim was a takeover. */
  readonly tookOver: boolean;
}

/** A guarded call was given a recorded outcome. */
export interface IdempotencyReplayedEvent extends IdempotencyEventBase {
  /** Tells the event apart. */
  readonly kind: 'idempotency.replayed';
  /** What was replayed. */
  readonly outcome: 'wire' | 'value' | 'error' | 'unavailable';
  /** Whether the payloads are known to be equal. */
  readonly compared: boolean;
}

/** A guarded call was refused, since another one owns its key. */
export interface IdempotencyInFlightEvent extends IdempotencyEventBase {
  /** Tells the event apart. */
  readonly kind: 'idempotency.in-flight';
  /** How long the duplicate waited. */
  readonly waitedMs: number;
  /** Whether the call stood inside a run with the same key. */
  readonly reentrant: boolean;
}

/** A key came again with another payload. */
export interface IdempotencyMismatchEvent extends IdempotencyEventBase {
  /** Tells the event apart. */
  readonly kind: 'idempotency.mismatch';
  /** The state of the record. */
  readonly state: 'completed' | 'in-progress';
}

/** A call took over a claim whose owner was silent for longer than its lease. */
export interface IdempotencyTakenOverEvent extends IdempotencyEventBase {
  /** Tells the event apart. */
  readonly kind: 'idempotency.taken-over';
  /** Claims that the record has seen. */
  readonly attempts: number;
}

/** The store of idempotency did not answer. */
export interface IdempotencyStoreDownEvent extends IdempotencyEventBase {
  /** Tells the event apart. */
  readonly kind: 'idempotency.store-down';
  /** The operation of the store that failed. */
  readonly phase: 'begin' | 'extend' | 'complete' | 'release' | 'read' | 'forget';
  /** Whether the method ran without a guard; true only in phase `begin`. */
  readonly ranUnguarded: boolean;
  /** What the store failed with; that it did not answer in time is an error of this package's own. */
  readonly error?: unknown;
}

/** Everything that is told of guarded calls. */
export type IdempotencyEvent =
  | IdempotencyExecutedEvent
  | IdempotencyReplayedEvent
  | IdempotencyInFlightEvent
  | IdempotencyMismatchEvent
  | IdempotencyTakenOverEvent
  | IdempotencyStoreDownEvent;
