import type { Environment } from '../core/environment.js';
import type { Admission } from '../core/rule.js';
import type { CallFacts, Scope } from '../core/scope.js';
import type { LiveClaim } from './idempotent-claim.js';

/** What was already done for the first attempt of a call before its pipeline runs step by step. */
export interface FirstAttempt {
  /** What the gates said, by the index of their step; `undefined` for a gate that was not asked. */
  readonly admissions: readonly (Admission | undefined)[];
  /** What the method answered, where it was called. */
  readonly invocation?: Invocation;
}

/** The method's answer to a first attempt, and the scope that it was given. */
export interface Invocation {
  /** What it gave; what it failed with, where it has failed. */
  readonly result: unknown;
  readonly scope: Scope | undefined;
  /** Whether it is known to have failed already, so that no time limit has to watch it. */
  readonly hasFailed: boolean;
}

/** What is known of one call before it runs. */
export interface CallRecordParts {
  readonly operation: string;
  readonly environment: Environment;
  readonly self: unknown;
  readonly args: readonly unknown[];
  readonly isUnsafe: boolean;
  readonly startedMs: number;
  readonly canBeAborted: boolean;
  readonly firstAttempt?: FirstAttempt | undefined;
}

/** One call on its way through a pipeline. */
export class CallRecord implements CallFacts {
  readonly operation: string;
  readonly args: readonly unknown[];
  readonly self: unknown;
  readonly startedMs: number;
  readonly isUnsafe: boolean;
  readonly canBeAborted: boolean;
  readonly clock: CallFacts['clock'];
  attempts = 1;
  /** Whether the value of the call, as it stands, is that of a fallback. */
  isAnswered = false;
  /** The claim under which the method runs, where it is guarded by its idempotency. */
  claim: LiveClaim | undefined;
  private firstAttempt: FirstAttempt | undefined;

  constructor(parts: CallRecordParts) {
    this.operation = parts.operation;
    this.args = parts.args;
    this.self = parts.self;
    this.startedMs = parts.startedMs;
    this.isUnsafe = parts.isUnsafe;
    this.canBeAborted = parts.canBeAborted;
    this.clock = parts.environment.clock;
    this.firstAttempt = parts.firstAttempt;
  }

  /** What the gate of this step said before, if it was asked. */
  admission(step: number): Admission | undefined {
    return this.firstAttempt?.admissions[step];
  }

  /** The answer that the method has given before, if it was called. */
  get invocation(): Invocation | undefined {
    return this.firstAttempt?.invocation;
  }

  /** When that began whose turn comes now: with the call, where the method was called before its turn came. */
  beganMs(nowMs: number): number {
    return this.invocation === undefined ? nowMs : this.startedMs;
  }

  /** Whether something was done for the running attempt before its pipeline runs step by step. */
  get isBegun(): boolean {
    return this.firstAttempt !== undefined;
  }

  /** What was done for the first attempt is more than its caller can follow: it goes on step by step. */
  carryOn(firstAttempt: FirstAttempt): void {
    this.firstAttempt = firstAttempt;
  }

  /** Another attempt begins: nothing is done for it yet. */
  beginAttempt(attempt: number): void {
    this.attempts = attempt;
    this.isAnswered = false;
    if (attempt > 1) this.firstAttempt = undefined;
  }
}
