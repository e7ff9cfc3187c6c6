import { OptionCheck } from '../core/check.js';
import { resolveBulkheadOptions } from '../policies/bulkhead/index.js';
import { resolveCircuitBreakerOptions } from '../policies/circuit-breaker/index.js';
import { resolveHedgeOptions } from '../policies/hedge/index.js';
import { checkRateLimiterPart } from '../policies/rate-limiter/index.js';
import { resolveRetryOptions } from '../policies/retry/index.js';
import { resolveTimeLimiterOptions } from '../policies/time-limiter/index.js';
import type { EngineOptions, NamedPolicies, PolicyDefaults } from './policy-options.js';

const DEFAULTS: readonly string[] = [
  'retry',
  'circuitBreaker',
  'timeLimiter',
  'bulkhead',
  'rateLimiter',
  'hedge',
] satisfies (keyof PolicyDefaults)[];
const OVERRIDES = [...DEFAULTS, 'idempotent'];

/**
 * Checks what belongs to no single method: defaults and overrides, where they were written.
 *
 * @throws {InvalidOptionsError} naming the path of the option that cannot be meant
 */
export function checkEngineOptions({ defaults, overrides, enabled }: EngineOptions): void {
  const check = new OptionCheck('resilience', 'ResilienceModule');
  if (enabled !== undefined) check.flag('enabled', enabled);
  if (defaults !== undefined) checkDefaults(check, defaults);
  for (const [operation, override] of Object.entries(overrides ?? {})) {
    check.onlyKnown(override, OVERRIDES, `overrides['${operation}']`);
    if ('idempotent' in override) checkIdempotent(check, operation, override.idempotent);
  }
}

/** Where a module names policies. */
const NAMED: readonly string[] = [
  'retries',
  'circuitBreakers',
  'bulkheads',
  'rateLimiters',
  'retryBudgets',
] satisfies (keyof NamedPolicies)[];

/**
 * What is no object has no options, and would silently mean the defaults.
 *
 * @throws {InvalidOptionsError} naming the path of what cannot be meant
 */
export function checkNamedPolicies(named: NamedPolicies, place: string): void {
  const check = new OptionCheck('resilience', 'ResilienceModule');
  for (const family of NAMED as readonly (keyof NamedPolicies)[]) {
    const policies: unknown = named[family];
    if (policies === undefined) continue;
    const path = `${place}${family}`;
    if (!isObject(policies)) check.refuse(path, policies, 'must be an object: options by name');
    for (const [name, options] of Object.entries(policies as object)) {
      if (!isObject(options)) check.refuse(`${path}.${name}`, options, 'must be an object of options');
    }
  }
}

/** The same for a feature, which has nothing but named policies. @throws {InvalidOptionsError} */
export function checkFeatureOptions(named: NamedPolicies, place: string): void {
  new OptionCheck('resilience', 'ResilienceModule').onlyKnown(named, NAMED, place.replace(/\.$/, ''));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is no object would be laid over nothing, and `false` would seem to have taken the guard away. */
function checkIdempotent(check: OptionCheck, operation: string, given: unknown): void {
  const isOptions = given === undefined || (typeof given === 'object' && given !== null);
  const field = `overrides['${operation}'].idempotent`;
  if (!isOptions) check.refuse(field, given, 'must be options: the guard itself cannot be taken away');
}

function checkDefaults(check: OptionCheck, defaults: PolicyDefaults): void {
  check.onlyKnown(defaults, DEFAULTS, 'defaults');
  if (defaults.retry !== undefined) resolveRetryOptions('defaults', defaults.retry);
  if (defaults.timeLimiter !== undefined) resolveTimeLimiterOptions('defaults', defaults.timeLimiter);
  if (defaults.circuitBreaker !== undefined)
    resolveCircuitBreakerOptions('defaults', defaults.circuitBreaker);
  if (defaults.hedge !== undefined) resolveHedgeOptions('defaults', defaults.hedge);
  if (defaults.rateLimiter !== undefined) checkRateLimiterPart('defaults', defaults.rateLimiter);
  if (defaults.bulkhead !== undefined) resolveBulkheadOptions('defaults', defaults.bulkhead);
}
