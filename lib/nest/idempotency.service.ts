import type { CallContext } from '../core/index.js';
import {
  type IdempotentRunOptions,
  type InspectedRecord,
  layered,
  type RecordName,
  runIdempotent,
} from '../pipeline/index.js';
import type { IdempotentDefaults } from '../policies/idempotency/index.js';
import { reviveError } from './guarded/revive-error.js';
import { warnOfMemory } from './memory-warning.js';
import type { ResilienceRuntime } from './runtime/index.js';

/** One effect for one key in code that no decorator reaches, and what an operator may do to a key. */
export class IdempotencyService {
  /** Classes whose instances cannot be kept, each told once. */
  private readonly warned = new Set<string>();

  constructor(private readonly runtime: ResilienceRuntime) {}

  /**
   * Runs the function so that its key has one effect: who comes again is given a copy of the recorded outcome.
   *
   * @throws {InvalidOptionsError} where an option cannot be meant
   * @throws {IdempotencyInFlightError} while another call owns the key
   * @throws {IdempotencyMismatchError} where the key came before with another `fingerprint`
   * @throws {IdempotencyStoreError} where the store does not answer; the function did not run
   * @throws {IdempotencyReplayUnavailableError} where the outcome cannot be given again
   */
  run<T>(options: IdempotentRunOptions, fn: (call: CallContext) => T | PromiseLike<T>): Promise<T> {
    const { idempotency } = this.runtime.engine;
    if (!idempotency.isInUse) warnOfMemory(idempotency);
    const { runner, settings } = idempotency;
    const { warned } = this;
    const warn = (warning: string): void => idempotency.warn(warning);
    const together = layered<IdempotentRunOptions>(defaultsOf(settings.defaults, options), options);
    return runIdempotent({ runner, warn, warned, reviveError }, together, fn);
  }

  /**
   * What is known of a key; `undefined` where there is no record. Changes nothing.
   *
   * @throws {IdempotencyStoreError} of phase `read`
   * @throws {IdempotencyKeyMissingError | IdempotencyKeyInvalidError | InvalidOptionsError} for what names no record
   */
  inspect(name: RecordName): Promise<InspectedRecord | undefined> {
    return this.runtime.engine.idempotency.runner.inspect(name);
  }

  /**
   * Lets the next call of a key run, with a higher fence; an owner that still runs is fenced, and its `signal`
   * aborts. Answers whether there was a record.
   *
   * @throws {IdempotencyStoreError} of phase `forget`
   * @throws {IdempotencyKeyMissingError | IdempotencyKeyInvalidError | InvalidOptionsError} for what names no record
   */
  forget(name: RecordName): Promise<boolean> {
    return this.runtime.engine.idempotency.runner.forget(name);
  }
}

/** The module's defaults, without what is a function of arguments; the key is the caller's own. */
function defaultsOf(defaults: IdempotentDefaults, { key }: IdempotentRunOptions): IdempotentRunOptions {
  const own = ['scope', 'required', 'fingerprint'];
  const named = Object.entries(defaults).filter(([name]) => !own.includes(name));
  return { ...Object.fromEntries(named), key };
}
