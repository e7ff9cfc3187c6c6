import { type Clock, SystemClock } from '../../core/clock.js';
import { OptionCheck } from '../../core/check.js';
import { decideComplete, decideExtend, decideForget, decideRelease } from './claim-table.js';
import { decideBegin } from './decision-table.js';
import { type Decision, type IdempotencyRecord, viewOf } from './idempotency.record.js';
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
  StoredOutcome,
} from './idempotency.store.js';
import { MemoryRecords } from './memory-records.js';
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

const NO_BYTES = new Uint8Array(0);

/**
 * Keeps records in this process, for development, tests and single processes: a restart forgets everything, and
 * other processes know nothing. Bounded; a claim in progress is never dropped. It has no timer: what is over is
 * as good as gone, and is removed by `sweep` or when the place is needed.
 */
export class MemoryIdempotencyStore implements IdempotencyStore {
  private readonly records: MemoryRecords;
  private readonly clock: Clock;
  private readonly maxBytes: number;
  private warn: ((warning: string) => void) | undefined;
  private lastFence = 0n;

  /** @throws {InvalidOptionsError} where a limit is no whole number above 0 */
  constructor(options: MemoryIdempotencyStoreOptions = {}) {
    const { maxEntries, maxBytes } = MEMORY_STORE_DEFAULTS;
    const check = new OptionCheck('idempotent', 'MemoryIdempotencyStore');
    this.maxBytes = check.wholeNumber('maxBytes', options.maxBytes ?? maxBytes, 1);
    this.records = new MemoryRecords({
      maxEntries: check.wholeNumber('maxEntries', options.maxEntries ?? maxEntries, 1),
      maxBytes: this.maxBytes,
    });
    this.clock = options.clock ?? new SystemClock();
    this.warn = options.warn;
  }

  /** Records that are kept, those included that are over and not yet removed. */
  get size(): number {
    return this.records.size;
  }

  /** Decides in one atomic step, by the clock of the store. */
  async begin(request: BeginRequest, options?: StoreCallOptions): Promise<BeginAnswer> {
    const answer = this.decide(request.storedKey, options, (found, nowMs) =>
      decideBegin(found, request, { nowMs, nextFence: (above) => this.nextFence(above) }),
    );
    return answer.kind === 'completed' ? { ...answer, outcome: copyOf(answer.outcome) } : answer;
  }

  /** Renews the lease of the current claim. */
  async extend(request: ExtendRequest, options?: StoreCallOptions): Promise<ClaimAnswer> {
    return this.decide(request.storedKey, options, (found, nowMs) => decideExtend(found, request, nowMs));
  }

  /** Keeps the outcome of the current claim. */
  async complete(request: CompleteRequest, options: CompleteOptions = {}): Promise<ClaimAnswer> {
    if (options.transaction !== undefined) throw new Error('the memory store knows no transactions');
    const outcome = this.fitting(request.outcome);
    return this.decide(request.storedKey, options, (found, nowMs) =>
      decideComplete(found, { ...request, outcome }, nowMs),
    );
  }

  /** Gives a claim up. */
  async release(request: ReleaseRequest, options?: StoreCallOptions): Promise<ReleaseAnswer> {
    return this.decide(request.storedKey, options, (found, nowMs) => decideRelease(found, request, nowMs));
  }

  /** The record as an operator sees it; changes nothing. */
  async read(storedKey: string, options?: StoreCallOptions): Promise<RecordView | undefined> {
    throwIfLeft(options);
    const view = viewOf(this.records.get(storedKey), this.clock.nowMs());
    return view?.outcome === undefined ? view : { ...view, outcome: copyOf(view.outcome) };
  }

  /** Makes a record released; answers whether there was one. */
  async forget(storedKey: string, options?: StoreCallOptions): Promise<boolean> {
    return this.decide(storedKey, options, decideForget);
  }

  /** Removes records whose retention is over; answers how many. */
  async sweep(atMost: number, options?: StoreCallOptions): Promise<number> {
    throwIfLeft(options);
    return this.records.sweep(atMost, this.clock.nowMs());
  }

  /** Resolves where the store can be reached. */
  async ping(options?: StoreCallOptions): Promise<void> {
    throwIfLeft(options);
  }

  /** One atomic step: nothing of it waits. */
  private decide<A>(
    storedKey: string,
    options: StoreCallOptions | undefined,
    decide: (found: IdempotencyRecord | undefined, nowMs: number) => Decision<A>,
  ): A {
    throwIfLeft(options);
    const nowMs = this.clock.nowMs();
    const { answer, write } = decide(this.records.get(storedKey), nowMs);
    if (write !== undefined) this.put(storedKey, write, nowMs);
    return answer;
  }

  private put(storedKey: string, record: IdempotencyRecord, nowMs: number): void {
    const eviction = this.records.makeRoom(storedKey, record, nowMs);
    if (eviction === undefined) {
      throw new Error('the memory store is full of claims in progress; raise maxEntries');
    }
    if (eviction === 'completed') this.warnOnce();
    this.records.put(storedKey, record);
  }

  private warnOnce(): void {
    const { warn } = this;
    this.warn = undefined;
    warn?.(
      'the memory store of idempotency is full and drops its oldest outcomes: keys are protected for less than ' +
        'their ttl. Raise idempotency.maxEntries or maxBytes, shorten ttl, or use a shared store.',
    );
  }

  /** An outcome of its own bytes; one that no room can be made for is a tombstone, so that nothing runs twice. */
  private fitting(outcome: StoredOutcome): StoredOutcome {
    if (outcome.body.byteLength <= this.maxBytes) return copyOf(outcome);
    return { kind: 'tombstone', metadata: '', body: NO_BYTES };
  }

  private nextFence(above: string | undefined): string {
    const last = above === undefined ? 0n : BigInt(above);
    this.lastFence = (last > this.lastFence ? last : this.lastFence) + 1n;
    return String(this.lastFence);
  }
}

function copyOf(outcome: StoredOutcome): StoredOutcome {
  return { ...outcome, body: Uint8Array.from(outcome.body) };
}
