import type { Scope } from '../core/scope.js';
import type {
  IdempotencyRule,
  OnInFlight,
  OnStoreDown,
  Outcome,
  StoredOutcome,
} from '../policies/idempotency/index.js';
import type { LiveClaim } from './idempotent-claim.js';

/** What is there at once, or later. */
export type Soon<T> = T | Promise<T>;

/** What came out of the work of a guarded call. */
export type Settled =
  { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'error'; readonly error: unknown };

/** The value that came out. @throws what came out instead */
export function conclude(settled: Settled): unknown {
  if (settled.kind === 'error') throw settled.error;
  return settled.value;
}

/**
 * How the outcome of a call is taken and given again. Values and errors of methods are one way, the bytes of an
 * HTTP answer another.
 */
export interface OutcomeCapture {
  /**
   * The outcome that is judged: for a method what it gave, over HTTP with the status that was written; unknown
   * where somebody else has answered while the method is under way.
   */
  outcomeOf(settled: Settled, claim: LiveClaim): Outcome | 'unknown';
  /** What unknown work comes to in the end. @defaultValue what the executions come to */
  lateOutcomeOf?(claim: LiveClaim): Promise<Outcome>;
  /** The outcome as the store keeps it; a tombstone where it can never be given again. Never throws nor rejects. */
  keep(outcome: Outcome, storedKey: string): Soon<StoredOutcome>;
  /** Gives a recorded outcome to one caller: a copy of the value, or an error of its own. */
  replay(stored: StoredOutcome, storedKey: string): Promise<unknown>;
}

/** One call of a guarded method. */
export interface GuardedCall {
  readonly operation: string;
  /** The caller's key; seen by the method alone. */
  readonly key: string;
  readonly rule: IdempotencyRule;
  readonly onInFlight: OnInFlight;
  readonly maxWaitDurationMs: number;
  readonly onStoreDown: OnStoreDown;
  /** The scope of the caller: when it ends, the caller leaves, and the work goes on. */
  readonly caller: Scope;
  readonly capture: OutcomeCapture;
  /** Asked once per recovered claim; `undefined` means not done. */
  readonly alreadyDone?: (() => unknown) | undefined;
  /** Runs what stands inside the guard; the claim hears of each execution of the method. */
  execute(claim: LiveClaim): Promise<unknown>;
  /** The same without a claim, since the store is down. */
  executeUnguarded(): Promise<unknown>;
}
