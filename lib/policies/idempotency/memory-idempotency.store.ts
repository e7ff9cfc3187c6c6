import { type Clock, SystemClock } from '../../core/clock.js';
import { OptionCheck } from '../../core/check.js';
import type {
  BeginAnswer,
  BeginRequest,
  ClaimAnswer,
  CompleteOptions,
  CompleteRequest,
  ExtendRequest,
  IdempotencyStore,
  RecordView,
  ReleaseAnswer,
  ReleaseRequest,
  StoreCallOptions,
} from './idempotency.store.js';
import { MemoryClaims } from './memory-claims.js';
import { throwIfLeft } from './store-question.js';

/** How much a memory store keeps, and what it tells the time by. */
export interface MemoryIdempotencyStoreOptions {
  /** Records, at least 1. @defaultValue 10000 */
  readonly maxEntries?: number;
  /** Bytes of all bodies together, at least 1. @defaultValue 64 MiB */
  readonly maxBytes?: number;
  /** The source of time and timers. @defaultValue the clock of the machine */
  readonly clock?: Clock;
  /**
   * Told once, when the first outcome has to go before its time.
   *
   * @defaultValue nobody
   */
  readonly warn?: (warning: string) => void;
}

/** What a memory store has where nothing is said. */
export const MEMORY_STORE_DEFAULTS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 } as const;

/** What is in each memory store, for those who need not wait for its answers. */
const CLAIMS = new WeakMap<IdempotencyStore, MemoryClaims>();

/** The claims of a memory store; what is asked of them its own operations do not see. */
export function claimsOf(store: MemoryIdempotencyStore): MemoryClaims | undefined {
  return CLAIMS.get(store);
}

/**
 * Keeps records in this process, for development, tests and single processes: a restart forgets everything, and
 * other processes know nothing. Bounded; a claim in progress is never dropped. It has no timer: what is over is
 * as good as gone, and is removed by `sweep` or when the place is needed.
 */
export class MemoryIdempotencyStore implements IdempotencyStore {
  private readonly claims: MemoryClaims;

  /** @throws {InvalidOptionsError} where a limit is no whole number above 0 */
  constructor(options: MemoryIdempotencyStoreOptions = {}) {
    const { maxEntries, maxBytes } = MEMORY_STORE_DEFAULTS;
    const check = new OptionCheck('idempotent', 'MemoryIdempotencyStore');
    this.claims = new MemoryClaims({
      limits: {
        maxBytes: check.wholeNumber('maxBytes', options.maxBytes ?? maxBytes, 1),
        maxEntries: check.wholeNumber('maxEntries', options.maxEntries ?? maxEntries, 1),
      },
      clock: options.clock ?? new SystemClock(),
      warn: options.warn,
    });
    CLAIMS.set(this, this.claims);
  }

  /** Records that are kept, those included that are over and not yet removed. */
  get size(): number {
    return this.claims.size;
  }

  /** Decides in one atomic step, by the clock of the store. */
  async begin(request: BeginRequest, options?: StoreCallOptions): Promise<BeginAnswer> {
    throwIfLeft(options);
    return this.claims.begin(request);
  }

  /** Renews the lease of the current claim. */
  async extend(request: ExtendRequest, options?: StoreCallOptions): Promise<ClaimAnswer> {
    throwIfLeft(options);
    return this.claims.extend(request);
  }

  /** Keeps the outcome of the current claim. */
  async complete(request: CompleteRequest, options: CompleteOptions = {}): Promise<ClaimAnswer> {
    if (options.transaction !== undefined) throw new Error('the memory store knows no transactions');
    throwIfLeft(options);
    return this.claims.complete(request);
  }

  /** Gives a claim up. */
  async release(request: ReleaseRequest, options?: StoreCallOptions): Promise<ReleaseAnswer> {
    throwIfLeft(options);
    return this.claims.release(request);
  }

  /** The record as an operator sees it; changes nothing. */
  async read(storedKey: string, options?: StoreCallOptions): Promise<RecordView | undefined> {
    throwIfLeft(options);
    return this.claims.read(storedKey);
  }

  /** Makes a record released; answers whether there was one. */
  async forget(storedKey: string, options?: StoreCallOptions): Promise<boolean> {
    throwIfLeft(options);
    return this.claims.forget(storedKey);
  }

  /** Removes records whose retention is over; answers how many. */
  async sweep(atMost: number, options?: StoreCallOptions): Promise<number> {
    throwIfLeft(options);
    return this.claims.sweep(atMost);
  }

  /** Resolves where the store can be reached. */
  async ping(options?: StoreCallOptions): Promise<void> {
    throwIfLeft(options);
  }
}
