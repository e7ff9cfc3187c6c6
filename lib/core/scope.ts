import type { Call } from './call.js';
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
}

/**
 * The part of a call in which one deadline and one signal hold: the call as a whole, each of its attempts, and
 * what stands inside a time limit. A scope ends with its parent, never the other way round.
 */
export class Scope implements Call {
  private own: Cancellation | undefined;
  private unlink: (() => void) | undefined;

  constructor(
    private readonly facts: CallFacts,
    /** Monotonic time of the earliest limit around this scope; `Infinity` where there is none. */
    readonly deadlineMs: number,
    private parent?: Scope,
    /** Number of the execution this scope belongs to; the scope of a whole call has none of its own. */
    private readonly number?: number,
  ) {}

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

  get startedMs(): number {
    return this.facts.startedMs;
  }

  get elapsedMs(): number {
    return this.facts.clock.nowMs() - this.facts.startedMs;
  }

  get remainingMs(): number | undefined {
    if (this.deadlineMs === Number.POSITIVE_INFINITY) return undefined;
    return Math.max(0, this.deadlineMs - this.facts.clock.nowMs());
  }

  get isCancelled(): boolean {
    if (this.own !== undefined) return this.own.isCancelled;
    return this.parent?.isCancelled ?? false;
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
      this.deadlineMs !== Number.POSITIVE_INFINITY ||
      this.facts.canBeAborted ||
      this.parent?.isLimited === true
    );
  }

  /** A scope inside this one: another attempt, or what stands inside a time limit. */
  inner(attempt = this.number, deadlineMs = Number.POSITIVE_INFINITY): Scope {
    return new Scope(this.facts, Math.min(deadlineMs, this.deadlineMs), this, attempt);
  }

  /** Puts this scope, which was made before its surroundings, inside another. */
  enter(parent: Scope): void {
    this.parent = parent;
    if (this.own !== undefined) this.link();
  }

  private link(): void {
    const { own, parent } = this;
    if (own === undefined || parent === undefined) return;
    const isSameCall = parent.facts === this.facts;
    this.unlink = parent.cancellation.onCancel((reason, origin) =>
      own.cancel(reason, isSameCall ? origin : 'caller'),
    );
  }

  /** Lets go of the parent; called when the work of this scope has settled. */
  close(): void {
    this.unlink?.();
    this.unlink = undefined;
  }
}
