export type { CircuitBreakerCounters } from './call-counts.js';
export { CircuitBreakerOpenError } from './circuit-breaker.errors.js';
export type { CircuitBreakerOpenFacts } from './circuit-breaker.errors.js';
export type {
  CircuitBreakerGate,
  CircuitBreakerParts,
  CircuitBreakerSnapshot,
  CircuitBreakerStateChange,
} from './circuit-breaker.gate.js';
export { CIRCUIT_BREAKER_DEFAULTS } from './circuit-breaker.options.js';
export type {
  CircuitBreakerMode,
  CircuitBreakerOptions,
  CountWindowOptions,
  TimeWindowOptions,
} from './circuit-breaker.options.js';
export { createCircuitBreaker, KeyedCircuitBreaker } from './keyed-circuit-breaker.js';
export type { GrowingWait, OpeningInfo, OpenWaitFunction, ResolvedGrowingWait } from './open-wait.js';
export { resolveCircuitBreakerOptions } from './resolved-options.js';
export type { ResolvedCircuitBreakerOptions, ResolvedSlidingWindow } from './resolved-options.js';
