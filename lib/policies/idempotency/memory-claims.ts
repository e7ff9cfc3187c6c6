import type { Clock } from '../../core/clock.js';
import { decideComplete, decideExtend, decideForget, decideRelease } from './claim-table.js';
import { decideBegin, type StoreMoment } from './decision-table.js';
import { type Decision, type IdempotencyRecord, viewOf } from './idempotency.record.js';
import type {
  BeginAnswer,
  BeginRequest,
  ClaimAnswer,
  CompleteRequest,
  ExtendRequest,
  RecordView,
  ReleaseAnswer,
  ReleaseRequest,
  StoredOutcome,
} from './idempotency.store.js';
import { KeptOutcome } from './kept-outcome.js';
import { type MemoryLimits, MemoryRecords } from './memory-records.js';

/** What claims in memory are kept with. */
export interface MemoryClaimsParts {
  readonly limits: MemoryLimits;
  /** The source of time. */
  readonly clock: Clock;
  /** Told once, when the first outcome has to go before its time. */
  readonly warn: ((warning: string) => void) | undefined;
}

/**
 * The operations of a store that is in the process itself: each is done when it returns, so nothing can come
 * between its question and its answer. They throw where another store would reject.
 */
export class MemoryClaims {
  private readonly records: MemoryRecords;
  private readonly maxBytes: number;
  private readonly clock: Clock;
  private warn: ((warning: string) => void) | undefined;
  private lastFence = 0n;
  private readonly nextFence = (above: string | undefined): string => this.fenceAbove(above);

  constructor({ limits, clock, warn }: MemoryClaimsParts) {
    this.records = new MemoryRecords(limits);
    this.maxBytes = limits.maxBytes;
    this.clock = clock;
    this.warn = warn;
  }

  /** Records that are kept, those included that are over and not yet removed. */
  get size(): number {
    return this.records.size;
  }

  /** As of the port. */
  begin(request: BeginRequest): BeginAnswer {
    const { storedKey } = request;
    const found = this.records.get(storedKey);
    const moment: StoreMoment = { nowMs: this.clock.nowMs(), nextFence: this.nextFence };
    const answer = this.write(storedKey, found, moment.nowMs, decideBegin(found, request, moment));
    return answer.kind === 'completed' ? { ...answer, outcome: copyOf(answer.outcome) } : answer;
  }

  /** As of the port. */
  extend(request: ExtendRequest): ClaimAnswer {
    return this.change(request.storedKey, (found, nowMs) => decideExtend(found, request, nowMs));
  }

  /** As of the port. */
  complete({ storedKey, claim, fingerprint, retentionMs, outcome }: CompleteRequest): ClaimAnswer {
    const found = this.records.get(storedKey);
    const nowMs = this.clock.nowMs();
    const request = { storedKey, claim, fingerprint, retentionMs, outcome: this.fitting(outcome) };
    return this.write(storedKey, found, nowMs, decideComplete(found, request, nowMs));
  }

  /** As of the port. */
  release(request: ReleaseRequest): ReleaseAnswer {
    return this.change(request.storedKey, (found, nowMs) => decideRelease(found, request, nowMs));
  }

  /** As of the port. */
  read(storedKey: string): RecordView | undefined {
    const view = viewOf(this.records.get(storedKey), this.clock.nowMs());
    return view?.outcome === undefined ? view : { ...view, outcome: copyOf(view.outcome) };
  }

  /** As of the port. */
  forget(storedKey: string): boolean {
    return this.change(storedKey, decideForget);
  }

  /** As of the port. */
  sweep(atMost: number): number {
    return this.records.sweep(atMost, this.clock.nowMs());
  }

  private change<A>(
    storedKey: string,
    decide: (found: IdempotencyRecord | undefined, nowMs: number) => Decision<A>,
  ): A {
    const found = this.records.get(storedKey);
    const nowMs = this.clock.nowMs();
    return this.write(storedKey, found, nowMs, decide(found, nowMs));
  }

  private write<A>(
    storedKey: string,
    before: IdempotencyRecord | undefined,
    nowMs: number,
    { answer, write }: Decision<A>,
  ): A {
    if (write === undefined) return answer;
    const eviction = this.records.makeRoom(storedKey, write, nowMs, before);
    if (eviction === undefined) {
      throw new Error('the memory store is full of claims in progress; raise maxEntries');
    }
    if (eviction === 'completed') this.warnOnce();
    this.records.put(storedKey, write, before);
    return answer;
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
    const fits = outcome.body.byteLength <= this.maxBytes;
    return new KeptOutcome(fits ? outcome : { kind: 'tombstone', metadata: '', body: new Uint8Array(0) });
  }

  private fenceAbove(above: string | undefined): string {
    const last = above === undefined ? 0n : BigInt(above);
    this.lastFence = (last > this.lastFence ? last : this.lastFence) + 1n;
    return String(this.lastFence);
  }
}

/** What is given away: its body is read once, and is whoever's it is given to. */
function copyOf({ kind, metadata, body }: StoredOutcome): StoredOutcome {
  return { kind, metadata, body };
}
