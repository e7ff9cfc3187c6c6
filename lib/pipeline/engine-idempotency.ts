import type { Environment } from '../core/environment.js';
import {
  checkStoredOperations,
  claimsOf,
  type IdempotencyOptions,
  type IdempotencyStore,
  MemoryIdempotencyStore,
  type ResolvedIdempotencySettings,
  resolveIdempotencySettings,
  type StoredOperation,
} from '../policies/idempotency/index.js';
import { OuterCalls } from './idempotent-outer.js';
import { IdempotentRunner } from './idempotent-runner.js';

type Warn = (warning: string) => void;

/** What is made for the first guarded method or run. */
interface InUse {
  readonly store: IdempotencyStore;
  readonly runner: IdempotentRunner;
}

/** Idempotency as one application shares it; what uses none of it makes none of it. */
export class EngineIdempotency {
  /** The requests that guarded handlers answer right now. */
  readonly outerCalls = new OuterCalls();
  private resolved: ResolvedIdempotencySettings | undefined;
  private inUse: InUse | undefined;
  private readonly operations = new Map<object, StoredOperation>();
  private tellWarning: Warn | undefined;

  /** @throws {InvalidOptionsError} naming the option that cannot be meant */
  constructor(
    private readonly given: IdempotencyOptions | undefined,
    private readonly environment: Environment,
  ) {
    // What was written is checked at once; what is left out is in order.
    if (given !== undefined) this.resolved = resolveIdempotencySettings(given);
  }

  /** The options of the application. */
  get settings(): ResolvedIdempotencySettings {
    return (this.resolved ??= resolveIdempotencySettings(this.given));
  }

  /** Whether something is guarded, or was asked for by its key. */
  get isInUse(): boolean {
    return this.inUse !== undefined;
  }

  /** Whether records are kept in this process only. */
  get isInMemory(): boolean {
    return this.settings.store === undefined;
  }

  /** Guards the calls of this application. */
  get runner(): IdempotentRunner {
    return this.use().runner;
  }

  /** Where the records of this application are. */
  get store(): IdempotencyStore {
    return this.use().store;
  }

  /** Whoever is told what an operator should know. */
  onWarning(listener: Warn): void {
    this.tellWarning = listener;
  }

  /** Tells an operator. */
  warn(warning: string): void {
    this.tellWarning?.(warning);
  }

  /**
   * A guarded method, by what tells it apart from all others; told again it changes nothing.
   *
   * @throws {InvalidOptionsError} where another method is stored under the same text, naming both
   */
  addOperation(identity: object, operation: StoredOperation): void {
    if (this.operations.has(identity)) return;
    checkStoredOperations([...this.operations.values(), operation]);
    this.operations.set(identity, operation);
  }

  /** Resolves when all owners have ended and all outcomes are recorded. */
  async idle(): Promise<void> {
    await this.inUse?.runner.idle();
  }

  /** Leaves no timer: what is not recorded by now is left to the lease. Closes what the store has opened. */
  async close(): Promise<void> {
    if (this.inUse === undefined) return;
    this.inUse.runner.stop();
    try {
      await this.inUse.store.close?.();
    } catch (error) {
      this.environment.events.report('closing the idempotency store', error);
    }
  }

  private use(): InUse {
    return (this.inUse ??= this.make());
  }

  private make(): InUse {
    const { settings, environment } = this;
    const { store } = settings;
    if (store !== undefined) return { store, runner: new IdempotentRunner(store, settings, environment) };
    const { maxEntries, maxBytes } = settings;
    const { clock } = environment;
    const warn: Warn = (warning) => this.warn(warning);
    const own = new MemoryIdempotencyStore({ clock, maxEntries, maxBytes, warn });
    // Nobody but this engine sees this store: its claims may be asked without it.
    const runner = new IdempotentRunner(own, settings, environment, claimsOf(own));
    return { store: own, runner };
  }
}
