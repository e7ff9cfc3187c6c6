import type { CircuitBreakerState, NamedRegistry } from '../../core/index.js';
import type { Engine } from '../../pipeline/index.js';
import { BoundedNames } from './bounded-names.js';
import { METRICS } from './metric-definitions.js';
import type { Labels, MetricSink, Reading } from './metric-sink.js';

const STATES: readonly CircuitBreakerState[] = ['closed', 'open', 'half-open', 'forced-open', 'disabled'];
const KINDS = ['success', 'failure', 'ignored', 'rejected', 'slow'] as const;

type Combine = (one: number, other: number) => number;
const sum: Combine = (one, other) => one + other;

/** Readings of things with names; those whose names are above the bound are put together. */
class NamedReadings {
  private readonly byLabels = new Map<string, Reading>();

  constructor(private readonly combine: Combine) {}

  add(labels: Labels, value: number): void {
    const key = Object.values(labels).join('\0');
    const known = this.byLabels.get(key);
    this.byLabels.set(key, { labels, value: known === undefined ? value : this.combine(known.value, value) });
  }

  all(): readonly Reading[] {
    return [...this.byLabels.values()];
  }
}

/** What a reader says of one thing: its label beside the name, where there is one, and its value. */
type Read<T> = (item: T) => readonly (readonly [labels: Labels, value: number])[];

/**
 * Everything that is shared under a name, as it is whenever metrics are collected; nothing while the policies are
 * switched off.
 */
export class SharedReadings {
  constructor(
    private readonly engine: Engine,
    private readonly mostNames: number,
  ) {}

  /** Hands over the reading of all that is shared. */
  connect(sink: MetricSink): void {
    const { breakers, bulkheads, rateLimiters, budgets } = this.engine;
    const ofBreakers = this.reader(breakers.registry, 'name');
    const ofBulkheads = this.reader(bulkheads.registry, 'name');
    const ofLimiters = this.reader(rateLimiters.registry, 'name');
    const ofBudgets = this.reader(budgets, 'budget');
    sink.observed(
      METRICS.budgetTokens,
      ofBudgets((budget) => [[{}, budget.balance]]),
    );
    sink.observed(
      METRICS.breakerState,
      ofBreakers(({ state }) => STATES.map((each) => [{ state: each }, each === state ? 1 : 0])),
    );
    sink.observed(
      METRICS.breakerCalls,
      ofBreakers(({ gate: { counters } }) => KINDS.map((kind) => [{ kind }, counters[kind]])),
    );
    sink.observed(
      METRICS.breakerFailureRate,
      ofBreakers((breaker) => [[{}, breaker.snapshot().failureRate]], Math.max),
    );
    sink.observed(
      METRICS.bulkheadInUse,
      ofBulkheads((bulkhead) => [[{}, bulkhead.snapshot().inUse]]),
    );
    sink.observed(
      METRICS.rateLimiterAvailable,
      ofLimiters((limiter) => {
        const { available } = limiter.snapshot();
        return available === undefined ? [] : [[{}, available]];
      }),
    );
  }

  private reader<T>(
    registry: NamedRegistry<T>,
    label: string,
  ): (read: Read<T>, combine?: Combine) => () => readonly Reading[] {
    const names = new BoundedNames(this.mostNames);
    return (read, combine = sum) =>
      () => {
        if (this.engine.options.enabled === false) return [];
        const readings = new NamedReadings(combine);
        for (const name of registry.names()) {
          const own = { [label]: names.of(name) };
          for (const [labels, value] of read(registry.get(name))) readings.add({ ...own, ...labels }, value);
        }
        return readings.all();
      };
  }
}
