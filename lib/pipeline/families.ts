import { OptionCheck } from '../core/check.js';
import type { Environment } from '../core/environment.js';
import { BulkheadRule, resolveBulkheadOptions, type BulkheadOptions } from '../policies/bulkhead/index.js';
import {
  type CircuitBreakerOptions,
  createCircuitBreaker,
  resolveCircuitBreakerOptions,
} from '../policies/circuit-breaker/index.js';
import {
  checkRateLimiterPart,
  type RateLimiterOptions,
  RateLimiterRule,
  resolveRateLimiterOptions,
} from '../policies/rate-limiter/index.js';
import { Breaker } from './breaker.js';
import type { EngineOptions } from './policy-options.js';
import { isSameOption } from './merge.js';
import { SharedFamily } from './shared-family.js';

/** The gates that one application shares, by their kind. */
export interface Families {
  readonly breakers: SharedFamily<CircuitBreakerOptions, Breaker>;
  readonly bulkheads: SharedFamily<BulkheadOptions, BulkheadRule>;
  readonly rateLimiters: SharedFamily<RateLimiterOptions, RateLimiterRule>;
}

/** Empty families of an application. */
export function makeFamilies(options: EngineOptions, environment: Environment): Families {
  return {
    breakers: breakers(options, environment),
    bulkheads: bulkheads(options, environment),
    rateLimiters: rateLimiters(options, environment),
  };
}

/** What families would be under other options of the root module. @throws {InvalidOptionsError} */
export function successors(families: Families, options: EngineOptions): Families {
  const { defaults = {}, circuitBreakers, bulkheads: named, rateLimiters: limiters } = options;
  return {
    breakers: families.breakers.successor(circuitBreakers, defaults.circuitBreaker),
    bulkheads: families.bulkheads.successor(named, defaults.bulkhead),
    rateLimiters: families.rateLimiters.successor(limiters, defaults.rateLimiter),
  };
}

/** One breaker for all calls cannot become one per key, and the other way round, without losing what it knows. */
function refuseOtherKeying(place: string, { key }: CircuitBreakerOptions): never {
  const check = new OptionCheck('circuitBreaker', place);
  return check.refuse('key', key, 'cannot be added to, or taken from, a breaker that is in use');
}

function breakers(options: EngineOptions, environment: Environment): Families['breakers'] {
  const resolve = sharingEqual(resolveCircuitBreakerOptions);
  return new SharedFamily<CircuitBreakerOptions, Breaker>({
    noun: 'circuit breaker',
    policy: 'circuitBreaker',
    path: 'circuitBreakers',
    defaults: options.defaults?.circuitBreaker,
    check: resolveCircuitBreakerOptions,
    make: (name, place, given) => {
      const resolved = resolve(place, given);
      const gate = createCircuitBreaker({ name, options: resolved, environment });
      const forced = options.forcedBreakers?.[name];
      if (forced === 'forced-open') gate.forceOpen();
      if (forced === 'disabled') gate.disable();
      return new Breaker(gate, environment);
    },
    change: ({ gate }, place, given) => {
      const resolved = resolve(place, given);
      if ((gate.options.key === undefined) !== (resolved.key === undefined)) refuseOtherKeying(place, given);
      return () => gate.reconfigure(resolved);
    },
    retire: (breaker) => {
      if (breaker.state !== 'closed') breaker.reset();
    },
  });
}

function bulkheads(options: EngineOptions, environment: Environment): Families['bulkheads'] {
  return new SharedFamily<BulkheadOptions, BulkheadRule>({
    noun: 'bulkhead',
    policy: 'bulkhead',
    path: 'bulkheads',
    defaults: options.defaults?.bulkhead,
    check: resolveBulkheadOptions,
    make: (name, place, given) =>
      new BulkheadRule({ name, options: resolveBulkheadOptions(place, given), environment }),
    change: (rule, place, given) => {
      const resolved = resolveBulkheadOptions(place, given);
      return () => rule.reconfigure(resolved);
    },
  });
}

function rateLimiters(options: EngineOptions, environment: Environment): Families['rateLimiters'] {
  return new SharedFamily<RateLimiterOptions, RateLimiterRule>({
    noun: 'rate limiter',
    policy: 'rateLimiter',
    path: 'rateLimiters',
    defaults: options.defaults?.rateLimiter,
    check: checkRateLimiterPart,
    make: (name, place, given) =>
      new RateLimiterRule({ name, options: resolveRateLimiterOptions(place, given), environment }),
    change: (rule, place, given) => {
      const resolved = resolveRateLimiterOptions(place, given);
      return () => rule.reconfigure(resolved);
    },
  });
}

/** Breakers are made by the thousand, most of them alike: those of equal options have the same, half of their bytes. */
function sharingEqual<G, R extends object>(
  resolve: (place: string, given: G) => R,
): (place: string, given: G) => R {
  let last: R | undefined;
  return (place, given) => {
    const resolved = resolve(place, given);
    if (last === undefined || !isSameOption(last, resolved)) last = resolved;
    return last;
  };
}
