import type {
  BulkheadRegistry,
  CircuitBreakerRegistry,
  RateLimiterRegistry,
  RetryBudgetRegistry,
} from '../../nest/index.js';
import type { BreakerChange, BreakerHistory } from './breaker-history.js';
import { clipped, LONGEST_NAME } from './clipped.js';
import type { NumberedNames } from './numbered-names.js';

/** So many of each kind are shown; those that are not as they should be come first. */
export const MOST_SHOWN = 400;

/** The registries of an application. */
export interface Registries {
  readonly breakers: CircuitBreakerRegistry;
  readonly budgets: RetryBudgetRegistry;
  readonly bulkheads: BulkheadRegistry;
  readonly limiters: RateLimiterRegistry;
}

/** What stands for the names of shared objects, of all registries alike. */
export interface GaugeSources {
  readonly registries: Registries;
  readonly names: NumberedNames;
  readonly history: BreakerHistory;
}

/** What a shared object looks like now; `id` stands for its name, of which only the beginning is told. */
export type Gauge = Readonly<Record<string, unknown>> & { readonly id: number; readonly name: string };

/** All shared objects of an application, as they are now. */
export interface Gauges {
  readonly breakers: readonly Gauge[];
  readonly budgets: readonly Gauge[];
  readonly bulkheads: readonly Gauge[];
  readonly limiters: readonly Gauge[];
  /** How many there are of each, shown or not. */
  readonly totals: Readonly<Record<string, number>>;
}

/** Reads all shared objects; changes none of them. */
export function gaugesOf(sources: GaugeSources): Gauges {
  const { registries, names } = sources;
  const breakers = breakerGauges(sources);
  const budgets = numbered(registries.budgets.list(), names);
  const bulkheads = numbered(registries.bulkheads.list(), names);
  const limiters = numbered(registries.limiters.list(), names);
  return {
    breakers: shown(breakers),
    budgets: shown(budgets),
    bulkheads: shown(bulkheads),
    limiters: shown(limiters),
    totals: {
      breakers: breakers.length,
      breakersNotClosed: breakers.filter((gauge) => gauge['state'] !== 'closed').length,
      budgets: budgets.length,
      bulkheads: bulkheads.length,
      limiters: limiters.length,
    },
  };
}

function breakerGauges({ registries, names, history }: GaugeSources): readonly Gauge[] {
  const gauges = registries.breakers.list().map((snapshot) => {
    const { gate } = registries.breakers.get(snapshot.name);
    const { failureThreshold, failureRateThreshold, minimumNumberOfCalls, slidingWindow } = gate.options;
    const changes: readonly BreakerChange[] = history.of(snapshot.name);
    return {
      ...snapshot,
      id: names.of(snapshot.name),
      name: clipped(snapshot.name, LONGEST_NAME),
      failureThreshold,
      failureRateThreshold,
      minimumNumberOfCalls,
      slidingWindow,
      counters: gate.counters,
      changes,
    };
  });
  return gauges.toSorted((one, other) => rank(one.state) - rank(other.state));
}

const RANKS: Readonly<Record<string, number>> = { 'forced-open': 0, open: 1, 'half-open': 2, disabled: 3 };

function rank(state: string): number {
  return RANKS[state] ?? 4;
}

function numbered(snapshots: readonly { readonly name: string }[], names: NumberedNames): readonly Gauge[] {
  return snapshots.map((snapshot) => ({
    ...snapshot,
    id: names.of(snapshot.name),
    name: clipped(snapshot.name, LONGEST_NAME),
  }));
}

function shown(gauges: readonly Gauge[]): readonly Gauge[] {
  return gauges.slice(0, MOST_SHOWN);
}
