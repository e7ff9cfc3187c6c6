import type { Call, CallIdempotency } from './call.js';
import { Cancellation } from './cancellation.js';
import type { Clock } from './clock.js';

/** What all executions of one call have in common. */
export interface CallFacts {
  readonly operation: string;
  readonly args: readonly unknown[];
  readonly clock: Clock;
  /** When the first execution began, monotonic. */
  readonly startedMs: number;
  readonly isUnsafe: boolean;
  /** Whether the caller gave a signal. */
  readonly canBeAborted: boolean;
  /** Number of the execution that began last, from 1. */
  readonly attempts: number;
  /** The claim that all executions of the call run under, where there is one. */
  readonly idempotency?: CallIdempotency | undefined;
}

/**
 * The part of a call in which one deadline and one signal hold: the call as a whole, each of its attempts, and
 * what stands inside a time limit. A scope ends with its parent, never the other way round.
 */
export class Scope implements Call {
  private own: Cancellation | undefined;
  private unlink: (() => void) | undefined;
  private isClosed = false;
  private isHedges = false;

  constructor(
    private readonly facts: CallFacts,
    /** Monotonic time of this scope's own limit; `Infinity` where it has none. */
    private limitMs: number,
    private parent?: Scope,
    /** Number of the execution this scope belongs to; the scope of a whole call has none of its own. */
    private readonly number?: number,
  ) {}

  /** Monotonic time of the earliest limit around this scope; `Infinity` where there is none. */
  get deadlineMs(): number {
    // Work that has ended in time binds nothing that it has left behind.
    const limitMs = this.isClosed && !this.isCancelled ? Number.POSITIVE_INFINITY : this.limitMs;
    return this.parent === undefined ? limitMs : Math.min(limitMs, this.parent.deadlineMs);
  }

  get attempt(): number {
    return this.number ?? this.facts.attempts;
  }

  get operation(): string {
    return this.facts.operation;
  }

  get args(): readonly unknown[] {
    return this.facts.args;
  }

  get isUnsafe(): boolean {
    return this.facts.isUnsafe;
  }

  get idempotency(): CallIdempotency | undefined {
    return this.facts.idempotency;
  }

  get startedMs(): number {
    return this.facts.startedMs;
  }

  get elapsedMs(): number {
    return this.facts.clock.nowMs() - this.facts.startedMs;
  }

  get remainingMs(): number | undefined {
    const { deadlineMs } = this;
    if (deadlineMs === Number.POSITIVE_INFINITY) return undefined;
    return Math.max(0, deadlineMs - this.facts.clock.nowMs());
  }

  get isCancelled(): boolean {
    if (this.own !== undefined) return this.own.isCancelled;
    return !this.isClosed && this.parent?.isCancelled === true;
  }

  get signal(): AbortSignal {
    return this.cancellation.signal;
  }

  /** Made at the first reading, and linked to the parent's until `close`. */
  get cancellation(): Cancellation {
    if (this.own !== undefined) return this.own;
    this.own = new Cancellation();
    this.link();
    return this.own;
  }

  /** Whether this scope may end before its work does: it has a deadline, or a caller who can leave. */
  get isLimited(): boolean {
    return (
      this.limitMs !== Number.POSITIVE_INFINITY || this.facts.canBeAborted || this.parent?.isLimited === true
    );
  }

  /** Whether attempts run beside this one that may make it needless at any moment. */
  get hasRivals(): boolean {
    return this.parent?.hasRivals === true;
  }

  /** This scope while its work is under way, else the nearest around it whose work is. */
  get living(): Scope | undefined {
    return this.isClosed && !this.isCancelled ? this.parent?.living : this;
  }

  /** Whether the outcome is that of a hedge, which adds nothing to a budget. */
  get isWonByHedge(): boolean {
    return this.isHedges;
  }

  /** A hedge has won in this scope, and so in those of the same call around it. */
  hedgeWon(): void {
    this.isHedges = true;
    if (this.parent?.facts === this.facts) this.parent.hedgeWon();
  }

  /** A scope inside this one: another attempt, or what stands inside a time limit. */
  inner(attempt = this.number, limitMs = Number.POSITIVE_INFINITY): Scope {
    return new Scope(this.facts, limitMs, this, attempt);
  }

  /** The same for a scope of another kind. */
  innerAs<S extends Scope>(kind: new (...parts: ConstructorParameters<typeof Scope>) => S): S {
    return new kind(this.facts, Number.POSITIVE_INFINITY, this, this.attempt);
  }

  /** Puts this scope, which was made before its surroundings, inside another, whose limits hold from now on. */
  enter(parent: Scope): void {
    this.parent = parent;
    this.limitMs = Number.POSITIVE_INFINITY;
    if (this.own !== undefined) this.link();
  }

  /** The limit of this scope was kept: what goes on inside, as the rest of a stream, is not bound by it. */
  lift(): void {
    this.limitMs = Number.POSITIVE_INFINITY;
  }

  private link(): void {
    const { own, parent } = this;
    // Whoever reads the signal of work that is over must not be remembered by what goes on around it.
    if (own === undefined || parent === undefined || this.isClosed) return;
    const isSameCall = parent.facts === this.facts;
    this.unlink = parent.cancellation.onCancel((reason, origin) =>
      own.cancel(reason, isSameCall ? origin : 'caller'),
    );
  }

  /** Lets go of the parent; called when the work of this scope has settled, with or without its own end. */
  close(): void {
    // What was cancelled before it was closed stays so, also for those who ask later.
    if (this.isCancelled) void this.cancellation;
    this.isClosed = true;
    this.unlink?.();
    this.unlink = undefined;
  }
}
