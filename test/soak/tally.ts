import type { ResilienceEvent } from 'nestjs-selfheal';
import { type Operation, type Rules } from './operations.js';
import { FALLBACK_VALUE } from './options.js';
import type { Script } from './work.js';

type Kind = ResilienceEvent['kind'];

/** What the driver saw of one operation. */
export class Tally {
  calls = 0;
  executions = 0;
  /** Calls that succeeded after more than one execution. */
  recovered = 0;
  failed = 0;
  /** Failed calls that had attempts left. */
  failedEarly = 0;
  fallbacks = 0;
  /** Calls that succeeded without an execution of their own. */
  replayed = 0;
  private readonly errors = new Map<string, number>();

  constructor(private readonly maxAttempts: number) {}

  succeeded({ executions }: Script, value: unknown): void {
    this.calls += 1;
    if (value === FALLBACK_VALUE) this.fallbacks += 1;
    if (executions > 1) this.recovered += 1;
    if (executions === 0) this.replayed += 1;
  }

  failedWith({ executions }: Script, error: unknown): void {
    this.calls += 1;
    this.failed += 1;
    if (executions < this.maxAttempts) this.failedEarly += 1;
    const name = error instanceof Error ? error.constructor.name : typeof error;
    this.errors.set(name, this.of(name) + 1);
  }

  /** After the call, however it ended. */
  finished({ executions }: Script): void {
    this.executions += executions;
  }

  of(errorName: string): number {
    return this.errors.get(errorName) ?? 0;
  }
}

type Expected = Partial<Record<Kind, number>>;

const retried = (tally: Tally): Expected => ({
  'retry.scheduled': tally.executions - tally.calls,
  'retry.recovered': tally.recovered,
  'retry.gave-up': tally.failed,
});
const broken = (tally: Tally): Expected => ({
  'circuit-breaker.rejected': tally.of('CircuitBreakerOpenError'),
});

/** The events that follow from what the driver saw; of other kinds there must be none. */
const EXPECTED: Readonly<Record<Rules, (tally: Tally) => Expected>> = {
  retry: retried,
  budgeted: (tally) => ({ ...retried(tally), 'budget.refused': tally.failedEarly }),
  breaker: broken,
  keyed: broken,
  limited: (tally) => ({ 'time-limiter.timed-out': tally.of('TimeoutExceededError') }),
  bulkhead: (tally) => ({ 'bulkhead.rejected': tally.of('BulkheadFullError') }),
  rate: (tally) => ({ 'rate-limiter.rejected': tally.of('RateLimitExceededError') }),
  fallback: (tally) => ({ 'fallback.served': tally.fallbacks }),
  hedge: (tally) => ({
    'hedge.launched': tally.executions - tally.calls,
  }),
  idempotent: (tally) => ({
    'idempotency.executed': tally.executions,
    'idempotency.replayed': tally.replayed,
    'idempotency.in-flight': tally.of('IdempotencyInFlightError'),
  }),
  everything: (tally) => ({ 'fallback.served': tally.fallbacks }),
  untold: () => ({}),
};

/** How often a breaker changes its state is its own affair, and alerts are about all operations together. */
const FREE: readonly Kind[] = ['circuit-breaker.state-changed', 'alert.raised', 'alert.cleared'];

/** Counts events by operation and kind. */
export class EventCounts {
  private readonly counts = new Map<string, Map<Kind, number>>();

  add({ operation, kind }: ResilienceEvent): void {
    const kinds = this.counts.get(operation) ?? new Map<Kind, number>();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    this.counts.set(operation, kinds);
  }

  get total(): number {
    return [...this.counts.values()].flatMap((kinds) => [...kinds.values()]).reduce((a, b) => a + b, 0);
  }

  /** What was told and not seen, or seen and not told. */
  differences({ name, rules }: Operation, tally: Tally): string[] {
    const told = this.counts.get(name) ?? new Map<Kind, number>();
    const expected = EXPECTED[rules](tally);
    const kinds = new Set(Object.keys(expected));
    if (rules !== 'everything') for (const kind of told.keys()) if (!FREE.includes(kind)) kinds.add(kind);
    return [...kinds]
      .map((kind) => ({ kind, told: told.get(kind as Kind) ?? 0, seen: expected[kind as Kind] ?? 0 }))
      .filter((each) => each.told !== each.seen)
      .map((each) => `${name}: ${each.kind} was told ${each.told} times, the driver counted ${each.seen}`);
  }
}
