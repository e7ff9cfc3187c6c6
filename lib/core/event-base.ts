/** The states of a circuit breaker. */
export type CircuitBreakerState = 'closed' | 'open' | 'half-open' | 'forced-open' | 'disabled';

/** What every event carries. */
export interface EventBase {
  /** `Class.method`, or the name given to `execute`. For a state that time or a hand changed: the policy's name. */
  readonly operation: string;
  /** Name of the policy instance, or its kind where it has none. */
  readonly policy: string;
  /** Milliseconds since 1970 by the clock of the application. */
  readonly timestampMs: number;
}
