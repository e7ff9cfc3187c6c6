import type { CircuitBreakerState } from '../../core/events.js';
import type { CircuitBreakerGate, CircuitBreakerSnapshot } from './circuit-breaker.gate.js';
import { rateOf } from './states/breaker-state.js';

const WORST_FIRST: readonly CircuitBreakerState[] = [
  'forced-open',
  'open',
  'half-open',
  'closed',
  'disabled',
];

/** The worst state among them; closed where there are none. */
export function stateOfKeys(breakers: Iterable<CircuitBreakerGate>): CircuitBreakerState {
  const states = new Set<CircuitBreakerState>();
  for (const { state } of breakers) states.add(state);
  return WORST_FIRST.find((state) => states.has(state)) ?? 'closed';
}

/** Sums of all keys, the longest rows among them, and the times of the one that probes first. */
export function snapshotOfKeys(
  breakers: readonly CircuitBreakerGate[],
): Omit<CircuitBreakerSnapshot, 'name' | 'state' | 'mode'> {
  const keys = breakers.map((breaker) => breaker.snapshot());
  const recordedCalls = sum(keys.map((each) => each.recordedCalls));
  const failures = sum(keys.map((each) => each.failures));
  const slowCalls = sum(keys.map((each) => each.slowCalls));
  const [first] = keys.filter(isOpen).sort((one, other) => one.retryAfterMs - other.retryAfterMs);
  return {
    failureRate: rateOf(failures, recordedCalls),
    slowCallRate: rateOf(slowCalls, recordedCalls),
    recordedCalls,
    failures,
    slowCalls,
    consecutiveFailures: longest(keys.map((each) => each.consecutiveFailures)),
    consecutiveOpens: longest(keys.map((each) => each.consecutiveOpens)),
    ...(first !== undefined && { openedAtMs: first.openedAtMs, retryAfterMs: first.retryAfterMs }),
    keys: keys.length,
  };
}

type OpenSnapshot = CircuitBreakerSnapshot & { readonly openedAtMs: number; readonly retryAfterMs: number };

function isOpen(snapshot: CircuitBreakerSnapshot): snapshot is OpenSnapshot {
  return snapshot.openedAtMs !== undefined && snapshot.retryAfterMs !== undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function longest(numbers: readonly number[]): number {
  return numbers.reduce((most, each) => Math.max(most, each), 0);
}
