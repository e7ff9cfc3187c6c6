import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import { type CallFacts, Scope } from '../core/scope.js';
import type { FusedWay } from './fused-way.js';

const NO_ARGUMENTS: readonly unknown[] = [];

/** What is known of a first attempt on the fused path: for the gates, and for the method that asks for its context. */
export abstract class FusedFacts implements Call {
  startedMs = 0;
  protected self: unknown;
  /** The arguments, while the call runs. */
  protected given: readonly unknown[] | undefined;
  protected scope: Scope | undefined;

  constructor(protected readonly way: FusedWay) {}

  get args(): readonly unknown[] {
    return this.given ?? NO_ARGUMENTS;
  }

  get operation(): string {
    return this.way.pipeline.operation;
  }

  get attempt(): number {
    return 1;
  }

  get isCancelled(): boolean {
    return false;
  }

  get isUnsafe(): boolean {
    return false;
  }

  get elapsedMs(): number {
    return 0;
  }

  get remainingMs(): number | undefined {
    return this.way.limit?.timeoutMs;
  }

  get signal(): AbortSignal {
    return new AbortController().signal;
  }

  /** What the method is given to know of its call, and what its own decorated calls end with. */
  makeScope(outer?: Scope): Scope {
    const facts = new FirstFacts(this.way, this.args, this.startedMs);
    return (this.scope = new Scope(facts, this.deadlineMs(), outer, 1));
  }

  protected deadlineMs(): number {
    return Number.POSITIVE_INFINITY;
  }
}

/** What the scope of a first attempt knows of its call; the scope may be read long after its call has ended. */
class FirstFacts implements CallFacts {
  constructor(
    private readonly way: FusedWay,
    readonly args: readonly unknown[],
    readonly startedMs: number,
  ) {}

  get operation(): string {
    return this.way.pipeline.operation;
  }

  get clock(): Clock {
    return this.way.clock;
  }

  get isUnsafe(): boolean {
    return false;
  }

  get canBeAborted(): boolean {
    return false;
  }

  get attempts(): number {
    return 1;
  }
}
