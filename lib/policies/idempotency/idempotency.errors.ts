import { ResilienceError, type ResilienceErrorFacts } from '../../core/errors.js';

/** The policy that all of these errors name. */
export const IDEMPOTENT = 'idempotent';

/** An operation of the store, as errors and events name it. */
export type StorePhase = 'begin' | 'extend' | 'complete' | 'release' | 'read' | 'forget';

function factsOf(operation: string): ResilienceErrorFacts {
  return { operation, policy: IDEMPOTENT };
}

/** The call brought no key where one is required; the method did not run. */
export class IdempotencyKeyMissingError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_IDEMPOTENCY_KEY_MISSING';

  constructor(operation: string, remedy: string) {
    super(`${operation}: an idempotency key is required: ${remedy}`, factsOf(operation));
  }
}

/** The key cannot be read; the method did not run, not even where a key is optional. */
export class IdempotencyKeyInvalidError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_IDEMPOTENCY_KEY_INVALID';

  /** `why` ends the sentence and never quotes the key. */
  constructor(operation: string, why: string) {
    super(`${operation}: the idempotency key ${why}`, factsOf(operation));
  }
}

/** Why a call with a key in flight was refused, and when to come again. */
export interface InFlightFacts {
  readonly operation: string;
  /** Milliseconds after which another try is worthwhile; missing where none is. */
  readonly retryAfterMs?: number | undefined;
  readonly superseded?: boolean;
  readonly reentrant?: boolean;
}

/** Another call owns the key and has not ended. */
export class IdempotencyInFlightError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT';
  /** Milliseconds after which another try is worthwhile; `undefined` where none is. */
  readonly retryAfterMs: number | undefined;
  /** Whether this call was the owner, and lost the key to the one that has it now. */
  readonly superseded: boolean;
  /** Whether the owner is a call that this one was made in: it would wait for itself. */
  readonly reentrant: boolean;

  constructor({ operation, retryAfterMs, superseded = false, reentrant = false }: InFlightFacts) {
    super(`${operation}: ${inFlightFact(superseded, reentrant)}`, factsOf(operation));
    this.retryAfterMs = retryAfterMs;
    this.superseded = superseded;
    this.reentrant = reentrant;
  }
}

function inFlightFact(superseded: boolean, reentrant: boolean): string {
  if (reentrant) return 'a call with this idempotency key calls itself with the same key';
  if (superseded) return 'another call has taken this idempotency key over and has not ended';
  return 'a call with the same idempotency key has not ended';
}

/** The key came before, with another payload. */
export class IdempotencyMismatchError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_IDEMPOTENCY_MISMATCH';

  constructor(operation: string) {
    super(`${operation}: the idempotency key was used for another request`, factsOf(operation));
  }
}

/** What failed in a store, and when to come again. */
export interface StoreFailure {
  readonly operation: string;
  readonly phase: StorePhase;
  readonly retryAfterMs: number;
  readonly cause?: unknown;
  /** What happened, as the end of a sentence; by default that the store did not answer. */
  readonly fact?: string;
}

/** The store of idempotency did not answer; in phase `begin` the method did not run and will not. */
export class IdempotencyStoreError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_IDEMPOTENCY_STORE';
  /** Which operation of the store failed. */
  readonly phase: StorePhase;
  /** Milliseconds after which another try is worthwhile. */
  readonly retryAfterMs: number;

  constructor({ operation, phase, retryAfterMs, cause, fact }: StoreFailure) {
    const message = fact ?? `the idempotency store did not answer (${phase})`;
    super(`${operation}: ${message}`, factsOf(operation), { cause });
    this.phase = phase;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The call of this key has ended, and its outcome cannot be given again; the method never runs again for it. */
export class IdempotencyReplayUnavailableError extends ResilienceError {
  /** Tells the error apart, in every copy of the package. */
  readonly code = 'RESILIENCE_IDEMPOTENCY_REPLAY_UNAVAILABLE';

  constructor(operation: string, options?: ErrorOptions) {
    const fact = 'the call of this idempotency key has ended, and its outcome cannot be given again';
    super(`${operation}: ${fact}`, factsOf(operation), options);
  }
}
