import type { CircuitBreakerOptions } from '../../policies/circuit-breaker/index.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * Fails fast with `CircuitBreakerOpenError` while the dependency is down, and probes when it may be back. Without
 * a name the breaker belongs to this class and method; methods that give one name share one.
 *
 * @param options options, or the name of a shared breaker
 */
export function CircuitBreaker(options: CircuitBreakerOptions | string = {}): PolicyDecorator {
  return policyDecorator({ decorator: 'CircuitBreaker', policy: 'circuitBreaker', options });
}
