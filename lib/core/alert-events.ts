import type { CircuitBreakerState, EventBase } from './event-base.js';

/** What an alert is about: one breaker, or the calls of the application that are given up. */
export type AlertSubject = 'breaker-open' | 'give-ups';

/**
 * Recovery seems impossible: a breaker has not been closed for too long, or too many calls are given up. `policy` is
 * the breaker's name, or `retry`; `operation` the breaker's name, or the call that was given up last.
 */
export interface AlertRaisedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'alert.raised';
  /** What the alert is about. */
  readonly alert: AlertSubject;
  /** Since the breaker left `closed`, or since the first of the give-ups that are counted. */
  readonly lastingMs: number;
  /** What the breaker's state is now; of a breaker only. */
  readonly state?: CircuitBreakerState;
  /** Whether the breaker is one of many, told apart by key; of a breaker only. */
  readonly keyed?: boolean;
  /** How many calls were given up in that time; of give-ups only. */
  readonly giveUps?: number;
}

/** What an alert was raised for is over; `operation` and `policy` are those it was raised with. */
export interface AlertClearedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'alert.cleared';
  /** What the alert is about. */
  readonly alert: AlertSubject;
  /** From when the breaker left `closed`, or from the first of the give-ups that were counted. */
  readonly lastedMs: number;
  /** Whether the breaker is one of many, told apart by key; of a breaker only. */
  readonly keyed?: boolean;
}
