import type { CallContext } from '../core/call.js';
import { OptionCheck } from '../core/check.js';
import type { Duration } from '../core/duration.js';
import {
  fingerprintOf,
  IdempotencyRule,
  NO_FINGERPRINT,
  type OnInFlight,
  type OnStoreDown,
  type Outcome,
  type ResolvedIdempotentOptions,
  resolveIdempotentOptions,
  SHARED_OPERATION,
} from '../policies/idempotency/index.js';
import { CallRecord } from './call-record.js';
import { enterCall } from './enter-call.js';
import { executeUnder } from './idempotent-execution.js';
import { wholeName } from './idempotent-record-name.js';
import type { IdempotentRunner } from './idempotent-runner.js';
import { type ReviveError, ValueCapture } from './idempotent-values.js';
import { FUNCTIONS, invoke } from './invoke.js';
import type { PromiseNext } from './promise-layers.js';

/** One guarded run of a function. */
export interface IdempotentRunOptions {
  /** What is being done; without one all runs share one. */
  readonly operation?: string;
  /** 1 to 255 characters. */
  readonly key: string;
  /** Who the key belongs to; none is a scope of its own. */
  readonly scope?: string;
  /** What must be the same when the key comes again; without one nothing is compared. */
  readonly fingerprint?: unknown;
  /** Lets this caller leave; the work goes on, and its outcome is recorded. */
  readonly signal?: AbortSignal;
  /** As of `@Idempotent`. */
  readonly ttl?: Duration;
  /** As of `@Idempotent`. */
  readonly lease?: Duration;
  /** As of `@Idempotent`. */
  readonly onInFlight?: OnInFlight;
  /** As of `@Idempotent`. */
  readonly maxWaitDuration?: Duration;
  /** As of `@Idempotent`. */
  final?(outcome: Outcome): boolean;
  /** As of `@Idempotent`. */
  readonly onStoreDown?: OnStoreDown;
  /** As of `@Idempotent`. */
  readonly maxStoredBytes?: number;
  /** Asked before the function for a recovered key; `undefined` means not done. */
  alreadyDone?(): unknown;
}

/** What a service has besides the runner. */
export interface IdempotentRunSurroundings {
  readonly runner: IdempotentRunner;
  readonly warn: (warning: string) => void;
  /** The classes that were warned of. */
  readonly warned: Set<string>;
  readonly reviveError?: ReviveError | undefined;
}

/**
 * Runs a function so that one key has one effect; the machinery of guarded methods for code that no decorator
 * reaches.
 *
 * @throws {InvalidOptionsError} where an option cannot be meant; what a guarded method throws otherwise
 */
export async function runIdempotent<T>(
  around: IdempotentRunSurroundings,
  given: IdempotentRunOptions,
  fn: (call: CallContext) => T | PromiseLike<T>,
): Promise<T> {
  const { operation = SHARED_OPERATION, key, scope, fingerprint, signal, ...rest } = given;
  const options = resolveIdempotentOptions(operation, rest);
  new OptionCheck('run', operation).function('fn', fn);
  const { runner } = around;
  const { environment } = runner;
  const storedKey = runner.nameOf(wholeName({ operation, key, scope }));
  const compared = fingerprint === undefined ? NO_FINGERPRINT : fingerprintOf(operation, fingerprint);
  const record = new CallRecord({
    operation,
    environment,
    self: fn,
    args: [],
    isUnsafe: false,
    startedMs: environment.clock.nowMs(),
    canBeAborted: signal !== undefined,
  });
  const entered = enterCall(record, environment, signal);
  const next: PromiseNext = async (inner, each) => invoke(FUNCTIONS, environment, inner, each);
  try {
    const answer = await runner.run({
      operation,
      key,
      rule: new IdempotencyRule(storedKey, compared, options),
      onInFlight: options.onInFlight,
      maxWaitDurationMs: options.maxWaitDurationMs,
      onStoreDown: options.onStoreDown,
      caller: entered.scope,
      capture: captureOf(around, operation, options),
      alreadyDone: given.alreadyDone?.bind(given),
      execute: (claim) => executeUnder(claim, record, next),
      executeUnguarded: () => next(entered.scope, record),
    });
    // The function's own value, or a copy of one that it gave before.
    return answer as T;
  } finally {
    entered.leave();
  }
}

function captureOf(
  { runner, warn, warned, reviveError }: IdempotentRunSurroundings,
  operation: string,
  { maxStoredBytes }: ResolvedIdempotentOptions,
): ValueCapture {
  const { codec } = runner.settings;
  const { events } = runner.environment;
  return new ValueCapture({ operation, codec, maxStoredBytes, events, warned, warn, reviveError });
}
