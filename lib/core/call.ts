/** What a method may know of the claim that it runs under. */
export interface CallIdempotency {
  /** The caller's key. */
  readonly key: string;
  /** Higher than that of every earlier claim; a decimal number as text. A receiver may refuse lower ones. */
  readonly fence: string;
  /** How many claims the record has seen, this one included. */
  readonly attempts: number;
  /** Whether an earlier claim ended in silence, so that its effect may have happened. */
  readonly recovered: boolean;
}

/** What a method may know about the call it runs in; given by `@CallContext()` and to predicates and hooks. */
export interface CallContext {
  /** `Class.method`, or the name given to `execute`. */
  readonly operation: string;
  /** Number of this execution within its call, from 1. */
  readonly attempt: number;
  /** Milliseconds since the first execution of the call began. */
  readonly elapsedMs: number;
  /**
   * Milliseconds until the earliest time limit around this execution ends it; `undefined` where there is none.
   * Never negative.
   */
  readonly remainingMs: number | undefined;
  /** Aborts when nobody waits for this execution any more. Costs nothing until it is read. */
  readonly signal: AbortSignal;
  /** The claim that this execution runs under; only where the method is guarded by its idempotency. */
  readonly idempotency?: CallIdempotency | undefined;
}

/** A call as the rules see it. */
export interface Call extends CallContext {
  /** The arguments as they came, without the call context. */
  readonly args: readonly unknown[];
  /** Whether the call was ended from outside or by one of its own time limits. */
  readonly isCancelled: boolean;
  /**
   * Whether the call answers an incoming HTTP request that must not be repeated: a POST or PATCH without an
   * `Idempotency-Key`.
   */
  readonly isUnsafe: boolean;
  /** Whether the outcome is that of a hedge, which adds nothing to a budget. */
  readonly isWonByHedge?: boolean;
}
