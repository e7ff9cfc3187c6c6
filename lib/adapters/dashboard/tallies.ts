import type { Clock, EndedCall, ResilienceEvent } from '../../core/index.js';
import { OperationTally } from './operation-tally.js';

const SECOND_MS = 1_000;
/** Names given to `execute` may come without end; what comes after so many is counted together. */
export const MOST_OPERATIONS = 2_000;
/** Where the others are counted. */
export const OTHERS = '(others)';

/** Kinds whose operation may be a policy's name: nothing that was called. */
const NO_OPERATION = ['circuit-breaker.state-changed', 'alert.raised', 'alert.cleared'];

/** Counts calls and events of one application, by operation. */
export class Tallies {
  private readonly byOperation = new Map<string, OperationTally>();

  constructor(private readonly clock: Pick<Clock, 'coarseMs'>) {}

  /** The second that runs now. */
  get second(): number {
    return Math.floor(this.clock.coarseMs() / SECOND_MS);
  }

  /** How many operations are known. */
  get size(): number {
    return this.byOperation.size;
  }

  /** Counts a call that has ended. */
  ended({ operation, outcome, durationMs }: EndedCall): void {
    this.of(operation).ended(this.second, outcome, durationMs);
  }

  /** Counts an event. */
  hear({ kind, operation }: ResilienceEvent): void {
    if (!NO_OPERATION.includes(kind)) this.of(operation).told(this.second, kind);
  }

  /** The tally of an operation, made where there is none. */
  of(operation: string): OperationTally {
    const known = this.byOperation.get(operation);
    if (known !== undefined) return known;
    if (this.byOperation.size >= MOST_OPERATIONS && operation !== OTHERS) return this.of(OTHERS);
    const tally = new OperationTally(this.byOperation.size, operation);
    this.byOperation.set(operation, tally);
    return tally;
  }

  /** All of them, in the order of their numbers. */
  all(): readonly OperationTally[] {
    return [...this.byOperation.values()];
  }
}
