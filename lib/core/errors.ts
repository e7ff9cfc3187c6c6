const BRAND = Symbol.for('nestjs-selfheal.error');

/** The policies of this package, as options, errors and events name them. */
export type PolicyKind =
  | 'retry'
  | 'circuitBreaker'
  | 'timeLimiter'
  | 'bulkhead'
  | 'rateLimiter'
  | 'fallback'
  | 'hedge'
  | 'idempotent';

/** What every error of this package tells about itself. */
export interface ResilienceErrorFacts {
  /** `Class.method`, or the name given to `execute`. */
  readonly operation: string;
  /** Name of the policy instance that refused, or its kind where it has none. */
  readonly policy: string;
}

/**
 * Base of all errors that this package makes. It is never an `HttpException`: what it means on a wire is
 * decided at the edge (`toHttpException`).
 */
export abstract class ResilienceError extends Error {
  /** `RESILIENCE_` and the class's name in capitals without `Error`; the same text in every copy of the package. */
  abstract readonly code: string;
  /** `Class.method`, or the name given to `execute`. */
  readonly operation: string;
  /** Name of the policy instance that refused, or its kind where it has none. */
  readonly policy: string;

  constructor(message: string, facts: ResilienceErrorFacts, options?: ErrorOptions) {
    super(message, options);
    this.operation = facts.operation;
    this.policy = facts.policy;
  }

  /** The class's name. */
  override get name(): string {
    return this.constructor.name;
  }
}

// On the prototype: refusals are made by the thousand, and a property defined on each costs more than the rest.
Object.defineProperty(ResilienceError.prototype, BRAND, { value: true });

/** Whether an error was made by this package, by another copy of it included. */
export function isResilienceError(error: unknown): error is ResilienceError {
  if (typeof error !== 'object' || error === null) return false;
  try {
    return (error as { [BRAND]?: unknown })[BRAND] === true;
  } catch {
    // A hostile `Proxy`: what is thrown here would stand in the way of whatever has to be given back.
    return false;
  }
}

/**
 * Makes an error without collecting its stack: refusals are control flow, made by the thousand in the very
 * moment a machine is under pressure, and a stack costs some ten microseconds.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** What was wrong with an option, where, and what would be right. */
export interface InvalidOption extends ResilienceErrorFacts {
  /** Option within the policy, as `backoff.initialDelay`. */
  readonly field: string;
  /** What was given. */
  readonly value: unknown;
  /** What would be right, as the end of a sentence: `must be …`. */
  readonly expected: string;
}

/** An option that cannot be meant; thrown at boot, or by the first call where no boot has checked. */
export class InvalidOptionsError extends ResilienceError {
  /** The same text in every copy of the package. */
  readonly code = 'RESILIENCE_INVALID_OPTIONS';
  /** Option within the policy, as `backoff.initialDelay`. */
  readonly field: string;
  /** What was given. */
  readonly value: unknown;

  constructor(invalid: InvalidOption) {
    super(`${invalid.operation}: ${invalid.policy}.${invalid.field} ${invalid.expected}`, invalid);
    this.field = invalid.field;
    this.value = invalid.value;
  }
}
