import type { Call } from '../core/call.js';
import { Scope } from '../core/scope.js';
import { CallRecord } from './call-record.js';
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
    const { pipeline } = this.way;
    const record = new CallRecord({
      operation: pipeline.operation,
      environment: pipeline.environment,
      self: this.self,
      args: this.args,
      isUnsafe: false,
      startedMs: this.startedMs,
      canBeAborted: false,
    });
    return (this.scope = new Scope(record, this.deadlineMs(), outer, 1));
  }

  protected deadlineMs(): number {
    return Number.POSITIVE_INFINITY;
  }
}
