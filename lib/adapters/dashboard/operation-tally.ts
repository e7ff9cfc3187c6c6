import type { CallOutcome } from '../../core/index.js';
import { type Latency, LatencyHistogram } from './latency-histogram.js';
import { SECONDS_KEPT, type SecondRow, SecondsRing } from './seconds-ring.js';

/** Counts since the application started. */
export type Counts = Readonly<Record<string, number>>;

/** Everything that is counted of one operation. */
export class OperationTally {
  // Made when they are first needed: most of many methods are idle.
  private ring: SecondsRing | undefined;
  private latency: LatencyHistogram | undefined;
  private readonly outcomes = new Map<string, number>();
  private readonly events = new Map<string, number>();
  private lastSecond = Number.NEGATIVE_INFINITY;

  constructor(
    /** Stands for the operation in what is sent every second. */
    readonly index: number,
    readonly operation: string,
  ) {}

  /** A call of the operation has ended. */
  ended(second: number, outcome: CallOutcome, durationMs: number): void {
    this.lastSecond = second;
    this.ring ??= new SecondsRing();
    this.ring.add(second, outcome);
    this.ring.add(second, 'sumMs', durationMs);
    this.latency ??= new LatencyHistogram();
    this.latency.add(second, durationMs);
    increment(this.outcomes, outcome);
  }

  /** An event told of the operation. */
  told(second: number, kind: string): void {
    this.lastSecond = second;
    this.ring ??= new SecondsRing();
    if (kind === 'retry.scheduled') this.ring.add(second, 'retries');
    increment(this.events, kind);
  }

  /** Whether anything happened within the last minute. */
  isLively(second: number): boolean {
    return second - this.lastSecond <= SECONDS_KEPT + 1;
  }

  /** Calls since the start, by outcome. */
  get calls(): Counts {
    return Object.fromEntries(this.outcomes);
  }

  /** Events since the start, by kind. */
  get eventCounts(): Counts {
    return Object.fromEntries(this.events);
  }

  /** The seconds from one to another, the last not included, in which anything happened. */
  rows(from: number, until: number): readonly SecondRow[] {
    return this.ring?.rows(from, until) ?? [];
  }

  /** How long the calls of the last minute took, where there were any. */
  latencyAt(second: number): Latency | undefined {
    return this.latency?.read(second);
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
