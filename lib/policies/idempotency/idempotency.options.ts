import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';
import { withDefaults } from '../../core/with-defaults.js';
import { IDEMPOTENT } from './idempotency.errors.js';
import type { Outcome } from './outcome.js';

/** What `scope` and `fingerprint` may look at. */
export interface IdempotencySubject {
  /** The arguments of the call. */
  readonly args: readonly unknown[];
  /** The incoming request; on route handlers only, and where the key comes from the header `args` is empty. */
  readonly request?: unknown;
  /** Nest's `ExecutionContext`; on handlers only. */
  readonly executionContext?: unknown;
}

/** Who a key belongs to: a function, or the word for everybody. */
export type IdempotencyScope = ((subject: IdempotencySubject) => string) | 'shared';

/** What a duplicate does while the owner of its key runs. */
export type OnInFlight = 'reject' | 'wait';
/** What a call does when the store does not answer. */
export type OnStoreDown = 'fail' | 'run';

/** What the module may say for all guarded methods. */
export interface IdempotentDefaults {
  /** Who the key belongs to, part of the stored key. @defaultValue none; a key from a header needs one */
  readonly scope?: IdempotencyScope;
  /** Whether a call without a key is refused; `false` runs it unguarded. @defaultValue true */
  readonly required?: boolean;
  /**
   * What must be the same when a key comes again; any value with a canonical form.
   *
   * @defaultValue verb, path, query and body of a request; otherwise all arguments
   */
  fingerprint?(subject: IdempotencySubject): unknown;
  /** How long an outcome is kept; at least 1 s. @defaultValue '24h' */
  readonly ttl?: Duration;
  /** How long an owner may be silent; at least 100 ms, renewed while it runs. @defaultValue '30s' */
  readonly lease?: Duration;
  /** Refuse a duplicate in flight, or let it wait for the outcome. @defaultValue 'reject' */
  readonly onInFlight?: OnInFlight;
  /** Longest wait of `onInFlight: 'wait'`. @defaultValue the lease */
  readonly maxWaitDuration?: Duration;
  /**
   * Which outcomes are kept; the others release the key. One that throws means no.
   *
   * @defaultValue values, and HTTP statuses 200–499 except 408, 425 and 429
   */
  final?(outcome: Outcome): boolean;
  /** Refuse calls while the store is down, or run them unguarded. @defaultValue 'fail' */
  readonly onStoreDown?: OnStoreDown;
  /** Bytes of a body; a larger one leaves a tombstone. @defaultValue 1 MiB */
  readonly maxStoredBytes?: number;
}

/** How one method is guarded: the same key has one effect. */
export interface IdempotentOptions extends IdempotentDefaults {
  /** The key of a call, of its arguments. @defaultValue the `Idempotency-Key` header, on route handlers */
  // In the form of a method, whose parameters TypeScript compares loosely.
  key?(...args: never[]): string | undefined;
  /** The stored name of what is being done, the same in every process and deploy. @defaultValue `Class.method` */
  readonly operation?: string;
  /** Asked before the method runs for a recovered key: `undefined` means not done. May be asynchronous. */
  alreadyDone?(...args: never[]): unknown;
}

/** Checked options of one method; what is `undefined` was not asked for. */
export interface ResolvedIdempotentOptions {
  readonly key: ((...args: readonly unknown[]) => unknown) | undefined;
  readonly scope: IdempotencyScope | undefined;
  readonly operation: string;
  readonly alreadyDone: ((...args: readonly unknown[]) => unknown) | undefined;
  readonly required: boolean;
  readonly fingerprint: ((subject: IdempotencySubject) => unknown) | undefined;
  readonly ttlMs: number;
  readonly leaseMs: number;
  readonly onInFlight: OnInFlight;
  readonly maxWaitDurationMs: number;
  readonly final: ((outcome: Outcome) => boolean) | undefined;
  readonly onStoreDown: OnStoreDown;
  readonly maxStoredBytes: number;
}

/** What holds where an option is not given. */
export const IDEMPOTENT_DEFAULTS = {
  required: true,
  ttl: '24h',
  lease: '30s',
  onInFlight: 'reject',
  onStoreDown: 'fail',
  maxStoredBytes: 1_048_576,
} as const satisfies IdempotentOptions;

const DEFAULTS: Required<Pick<IdempotentOptions, keyof typeof IDEMPOTENT_DEFAULTS>> = IDEMPOTENT_DEFAULTS;
const LEAST_LEASE_MS = 100;
const LEAST_TTL_MS = 1_000;

/** What a module may say for all methods, checked for completeness by its type. */
export const IDEMPOTENT_DEFAULT_NAMES: Readonly<Record<keyof IdempotentDefaults, true>> = {
  scope: true,
  required: true,
  fingerprint: true,
  ttl: true,
  lease: true,
  onInFlight: true,
  maxWaitDuration: true,
  final: true,
  onStoreDown: true,
  maxStoredBytes: true,
};

const KNOWN: Readonly<Record<keyof IdempotentOptions, true>> = {
  ...IDEMPOTENT_DEFAULT_NAMES,
  key: true,
  operation: true,
  alreadyDone: true,
};

/**
 * Fills and checks the options of one method, those of the module already laid under them.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveIdempotentOptions(
  operation: string,
  given: IdempotentOptions = {},
): ResolvedIdempotentOptions {
  const check = new OptionCheck(IDEMPOTENT, operation);
  check.onlyKnown(given, Object.keys(KNOWN));
  const options = withDefaults(DEFAULTS, given);
  const leaseMs = check.durationMs('lease', options.lease, LEAST_LEASE_MS);
  const { maxWaitDuration = leaseMs } = options;
  return {
    // The arguments are the user's business: what the method takes, its key function takes too.
    key: check.optionalFunction('key', options.key) as ResolvedIdempotentOptions['key'],
    scope: checkedScope(check, options.scope),
    operation: check.text('operation', options.operation ?? operation),
    alreadyDone: check.optionalFunction(
      'alreadyDone',
      options.alreadyDone,
    ) as ResolvedIdempotentOptions['alreadyDone'],
    required: check.flag('required', options.required),
    fingerprint: check.optionalFunction('fingerprint', options.fingerprint),
    ttlMs: check.durationMs('ttl', options.ttl, LEAST_TTL_MS),
    leaseMs,
    onInFlight: check.oneOf('onInFlight', options.onInFlight, ['reject', 'wait']),
    maxWaitDurationMs: check.durationMs('maxWaitDuration', maxWaitDuration),
    final: check.optionalFunction('final', options.final),
    onStoreDown: check.oneOf('onStoreDown', options.onStoreDown, ['fail', 'run']),
    maxStoredBytes: check.wholeNumber('maxStoredBytes', options.maxStoredBytes, 0),
  };
}

function checkedScope(check: OptionCheck, scope: unknown): IdempotencyScope | undefined {
  if (scope === undefined || scope === 'shared') return scope;
  if (typeof scope === 'function') return scope as IdempotencyScope;
  return check.refuse('scope', scope, "must be a function of { args, request } or the word 'shared'");
}
