import type { Clock } from '../../core/clock.js';
import type { CircuitBreakerSnapshot, CircuitBreakerStateChange } from './circuit-breaker.gate.js';
import type { CircuitBreakerMode } from './circuit-breaker.options.js';
import { type BreakerState, rateOf } from './states/breaker-state.js';

/** Reads a state without changing it. */
export function snapshotOf(
  name: string,
  mode: CircuitBreakerMode,
  state: BreakerState,
  clock: Clock,
): CircuitBreakerSnapshot {
  const nowMs = clock.nowMs();
  const { recorded, failures, slow } = state.tallyAt(nowMs);
  const retryAfterMs = state.retryAfterMs(nowMs);
  const { openedMs } = state;
  return {
    name,
    state: state.name,
    mode,
    failureRate: rateOf(failures, recorded),
    slowCallRate: rateOf(slow, recorded),
    recordedCalls: recorded,
    failures,
    slowCalls: slow,
    consecutiveFailures: state.consecutiveFailures,
    consecutiveOpens: state.consecutiveOpens,
    ...(openedMs !== undefined && { openedAtMs: Math.round(clock.wallMs() - (nowMs - openedMs)) }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

type ChangeOfState = Pick<CircuitBreakerStateChange, 'kind' | 'from' | 'to' | 'failureRate' | 'waitMs'>;

/** What there is to tell when one state follows another. */
export function changeOf(from: BreakerState, to: BreakerState, nowMs: number): ChangeOfState {
  const { recorded, failures } = from.tallyAt(nowMs);
  const { waitMs } = to;
  return {
    kind: 'circuit-breaker.state-changed',
    from: from.name,
    to: to.name,
    failureRate: rateOf(failures, recorded),
    ...(waitMs !== undefined && { waitMs }),
  };
}
