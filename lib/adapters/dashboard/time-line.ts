import type { Clock, ResilienceEvent } from '../../core/index.js';
import { clipped, failureText, LONGEST_NAME } from './clipped.js';
import { eventText } from './event-text.js';

/** How many lines are remembered. */
export const LINES_KEPT = 200;
/** So many lines per second and kind tell of what may happen with every call; the rest of them is counted. */
export const COMMON_LINES_PER_SECOND = 2;
/** So many tell of what happens rarely, as a change of state. */
export const RARE_LINES_PER_SECOND = 20;

const SECOND_MS = 1_000;

/** Kinds that may come with every call. */
const COMMON = [
  'retry.scheduled',
  'retry.recovered',
  'retry.gave-up',
  'budget.refused',
  'circuit-breaker.rejected',
  'time-limiter.timed-out',
  'bulkhead.rejected',
  'rate-limiter.rejected',
  'fallback.served',
  'hedge.launched',
  'idempotency.executed',
  'idempotency.replayed',
  'idempotency.in-flight',
];

/** One line of the time line. */
export interface TimeLineEntry {
  /** Rises by one with every line. */
  readonly number: number;
  readonly atMs: number;
  readonly kind: string;
  readonly operation: string;
  readonly policy: string;
  readonly text: string;
  readonly error?: string;
}

/**
 * The last things that happened, in words. Under a flood it tells the first of each second and counts the others, so
 * that it costs the same at ten thousand events a second as at a hundred.
 */
export class TimeLine {
  private readonly lines: TimeLineEntry[] = [];
  private readonly omitted = new Map<string, number>();
  private second = -1;
  private readonly told = new Map<string, number>();
  private number = 0;

  constructor(private readonly clock: Pick<Clock, 'coarseMs' | 'wallMs'>) {}

  /** The number of the last line. */
  get last(): number {
    return this.number;
  }

  /** Tells of an event, or counts it. */
  hear(event: ResilienceEvent): void {
    this.turn();
    if (!this.takesOne(event.kind)) {
      this.omitted.set(event.kind, (this.omitted.get(event.kind) ?? 0) + 1);
      return;
    }
    const { kind, operation, policy, timestampMs } = event;
    const error = 'error' in event && event.error !== undefined ? failureText(event.error) : undefined;
    this.push({
      atMs: timestampMs,
      kind,
      operation: clipped(operation, LONGEST_NAME),
      policy: clipped(policy, LONGEST_NAME),
      text: eventText(event),
      ...(error !== undefined && { error }),
    });
  }

  /** Tells of what somebody did by hand. */
  note(policy: string, text: string): void {
    this.turn();
    this.push({ atMs: this.clock.wallMs(), kind: 'control', operation: '', policy, text });
  }

  /** The lines after one of them, oldest first; what was only counted is told when its second is over. */
  after(number: number): readonly TimeLineEntry[] {
    this.turn();
    return this.lines.filter((line) => line.number > number);
  }

  private takesOne(kind: string): boolean {
    const told = this.told.get(kind) ?? 0;
    if (told >= (COMMON.includes(kind) ? COMMON_LINES_PER_SECOND : RARE_LINES_PER_SECOND)) return false;
    this.told.set(kind, told + 1);
    return true;
  }

  private turn(): void {
    const second = Math.floor(this.clock.coarseMs() / SECOND_MS);
    if (second === this.second) return;
    this.second = second;
    this.told.clear();
    if (this.omitted.size === 0) return;
    const counts = [...this.omitted].sort(([, one], [, other]) => other - one);
    this.omitted.clear();
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    const text = `${total} more: ${counts.map(([kind, count]) => `${count} ${kind}`).join(', ')}`;
    this.push({ atMs: this.clock.wallMs(), kind: 'more', operation: '', policy: '', text });
  }

  private push(line: Omit<TimeLineEntry, 'number'>): void {
    this.number += 1;
    this.lines.push({ number: this.number, ...line });
    if (this.lines.length > LINES_KEPT) this.lines.splice(0, this.lines.length - LINES_KEPT);
  }
}
