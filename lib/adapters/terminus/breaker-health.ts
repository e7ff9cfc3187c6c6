import { type CircuitBreakerState, OptionCheck } from '../../core/index.js';
import type { CircuitBreakerSnapshot } from '../../policies/circuit-breaker/index.js';

/** `degraded`: the application serves, but not all of it works. */
export type BreakerHealth = 'up' | 'degraded' | 'down';

/** What the states of circuit breakers mean for the health of the application. */
export interface BreakerHealthOptions {
  /**
   * The names of the breakers that are looked at.
   *
   * @defaultValue all that the application knows
   */
  readonly breakers?: readonly string[];
  /**
   * What a state means, where it should mean something else.
   *
   * @defaultValue `closed` and `disabled` are `up`; `open`, `half-open` and `forced-open` are `degraded`
   */
  readonly states?: Readonly<Partial<Record<CircuitBreakerState, BreakerHealth>>>;
  /**
   * The names of breakers whose dependency the application is of no use without: `open` and `forced-open` mean
   * `down` for them, whatever `states` says.
   *
   * @defaultValue none
   */
  readonly critical?: readonly string[];
}

/** What is told of one breaker. */
export interface BreakerHealthDetail {
  /** What its state means. */
  readonly status: BreakerHealth;
  /** The state it is in. */
  readonly state: CircuitBreakerState;
  /** Failures by recorded calls in its window, 0 to 1. */
  readonly failureRate: number;
  /** Milliseconds until a call may probe; only while open. */
  readonly retryAfterMs?: number;
}

const HEALTHS: readonly BreakerHealth[] = ['up', 'degraded', 'down'];

const MEANINGS: Readonly<Record<CircuitBreakerState, BreakerHealth>> = {
  closed: 'up',
  disabled: 'up',
  'half-open': 'degraded',
  open: 'degraded',
  'forced-open': 'degraded',
};

/** What the states of breakers mean under some options. */
export class BreakerMeanings {
  private readonly meanings: Readonly<Record<CircuitBreakerState, BreakerHealth>>;
  private readonly critical: ReadonlySet<string>;

  /** @throws {InvalidOptionsError} naming the option that cannot be meant */
  constructor({ states = {}, critical = [] }: BreakerHealthOptions) {
    const check = new OptionCheck('health', 'ResilienceHealthIndicator');
    check.onlyKnown(states, Object.keys(MEANINGS), 'states');
    for (const [state, health] of Object.entries(states)) check.oneOf(`states.${state}`, health, HEALTHS);
    this.meanings = { ...MEANINGS, ...states };
    this.critical = new Set(critical);
  }

  /** What is told of a breaker. */
  detailOf(name: string, snapshot: CircuitBreakerSnapshot): BreakerHealthDetail {
    const { state, failureRate, retryAfterMs } = snapshot;
    const isDown = this.critical.has(name) && (state === 'open' || state === 'forced-open');
    const status = isDown ? 'down' : this.meanings[state];
    return { status, state, failureRate, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
}

/** The worst of them; `up` where there are none. */
export function worstOf(healths: readonly BreakerHealth[]): BreakerHealth {
  return HEALTHS.findLast((each) => healths.includes(each)) ?? 'up';
}
