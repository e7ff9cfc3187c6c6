import type { CircuitBreakerState, CircuitBreakerStateChangedEvent } from '../../core/events.js';
import type { Environment } from '../../core/environment.js';
import type { Gate } from '../../core/rule.js';
import type { CallCounts, CircuitBreakerCounters } from './call-counts.js';
import type { CircuitBreakerMode } from './circuit-breaker.options.js';
import type { ResolvedCircuitBreakerOptions } from './resolved-options.js';

/** A change of state, as its event will tell it. */
export type CircuitBreakerStateChange = Omit<CircuitBreakerStateChangedEvent, 'timestampMs'>;

/** What a breaker is made of. */
export interface CircuitBreakerParts {
  /** Name in errors, events and metrics. */
  readonly name: string;
  readonly options: ResolvedCircuitBreakerOptions;
  readonly environment: Environment;
  /** Called with every change of state, before the event's listeners; what it throws is reported. */
  readonly onStateChanged?: (change: CircuitBreakerStateChange) => void;
}

/** What a breaker of many, told apart by key, is made of. */
export interface KeyedParts extends CircuitBreakerParts {
  /** Counts of all keys together. */
  readonly counts: CallCounts;
  /** What a hand has set for all keys: the state to begin in. */
  readonly begins: 'forced-open' | 'disabled' | undefined;
}

/** What a breaker looks like at one moment; durations are milliseconds, rates 0..1. */
export interface CircuitBreakerSnapshot {
  /** Its name in registry, errors, events and metrics. */
  readonly name: string;
  /** The state it is in. */
  readonly state: CircuitBreakerState;
  /** Whether it acts, or only tells. */
  readonly mode: CircuitBreakerMode;
  /** Failures by recorded calls, 0 where there are none. While open: as they were when it opened. */
  readonly failureRate: number;
  /** Slow calls by recorded calls, 0 where there are none. While open: as they were when it opened. */
  readonly slowCallRate: number;
  /** Calls that the rates are made of: of the window, or of the probes while half-open. */
  readonly recordedCalls: number;
  /** Failures among the recorded calls. */
  readonly failures: number;
  /** Slow calls among the recorded calls. */
  readonly slowCalls: number;
  /** Failures since the last success, however long ago. */
  readonly consecutiveFailures: number;
  /** Openings that followed each other without a close; 0 while closed. */
  readonly consecutiveOpens: number;
  /** When it opened, in milliseconds since 1970; only while open. */
  readonly openedAtMs?: number;
  /** Milliseconds until a call may probe, 0 where the next one will; only while open. */
  readonly retryAfterMs?: number;
  /** How many keys it remembers; only with the option `key`. */
  readonly keys?: number;
}

/** A gate whose state can be read and set by hand. */
export interface CircuitBreakerGate extends Gate {
  /** Name in errors, events and metrics. */
  readonly name: string;
  /** The options it runs under now. */
  readonly options: ResolvedCircuitBreakerOptions;
  /** Reading it changes nothing: an open breaker that nobody calls reads `open`. */
  readonly state: CircuitBreakerState;
  /** Only grow, in every state and through every reset. */
  readonly counters: CircuitBreakerCounters;
  /** Changes nothing, as `state`. */
  snapshot(): CircuitBreakerSnapshot;
  /** Refuses every call until another word by hand. */
  forceOpen(): void;
  /** Lets every call through and records nothing, until another word by hand. */
  disable(): void;
  /** Closes it and forgets all outcomes; what is still under way counts no more. */
  reset(): void;
  /** Goes on under other options, in the same state; a window of another shape begins empty. */
  reconfigure(options: ResolvedCircuitBreakerOptions): void;
}
