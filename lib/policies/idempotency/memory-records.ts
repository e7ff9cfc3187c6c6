import { PassingMap } from '../../core/passing-map.js';
import { type IdempotencyRecord, isKept } from './idempotency.record.js';
import { KeptOutcome } from './kept-outcome.js';

/** How much may be kept. */
export interface MemoryLimits {
  readonly maxEntries: number;
  /** Of the bodies together. */
  readonly maxBytes: number;
}

/** What had to go so that something else fits. */
export type Eviction = 'none' | 'over' | 'released' | 'completed';

/**
 * The records of a memory store, never more than its limits. Those of one state stand in the order in which they
 * got there, so that the oldest is found at once.
 */
export class MemoryRecords {
  private readonly byState = {
    'in-progress': new PassingMap<IdempotencyRecord>(),
    completed: new RecordsInOrder(),
    released: new RecordsInOrder(),
  };
  private bytes = 0;
  /** No record ends before this time, so that a full store does not look through all of them at every call. */
  private earliestEndMs = Number.POSITIVE_INFINITY;

  constructor(private readonly limits: MemoryLimits) {}

  get size(): number {
    const { completed, released } = this.byState;
    return this.byState['in-progress'].size + completed.size + released.size;
  }

  /** Bytes of all bodies together. */
  get bodyBytes(): number {
    return this.bytes;
  }

  get(key: string): IdempotencyRecord | undefined {
    const { completed, released } = this.byState;
    return this.byState['in-progress'].get(key) ?? completed.get(key) ?? released.get(key);
  }

  /** Puts a record in the place of the one before; {@link MemoryRecords.makeRoom} comes first. */
  put(key: string, record: IdempotencyRecord, before = this.get(key)): void {
    if (before !== undefined) this.remove(key, before);
    this.byState[record.state].set(key, record);
    this.bytes += bodyBytesOf(record);
    if (record.retentionEndMs < this.earliestEndMs) this.earliestEndMs = record.retentionEndMs;
  }

  delete(key: string): void {
    const found = this.get(key);
    if (found !== undefined) this.remove(key, found);
  }

  /**
   * Drops what must go for this record to fit in the place of the one before: what is over, released marks, then
   * the oldest outcomes, and never a claim in progress. Answers what was the worst, or `undefined` where there is
   * no room.
   */
  makeRoom(
    key: string,
    record: IdempotencyRecord,
    nowMs: number,
    before = this.get(key),
  ): Eviction | undefined {
    const entries = this.limits.maxEntries - (before === undefined ? 1 : 0);
    const bytes = this.limits.maxBytes - bodyBytesOf(record) + bodyBytesOf(before);
    if (this.fits(entries, bytes)) return 'none';
    this.sweep(Number.POSITIVE_INFINITY, nowMs, key);
    if (this.fits(entries, bytes)) return 'over';
    // Marks have no body: they cannot make room for bytes.
    if (this.size > entries) this.dropOldest('released', key, entries, bytes);
    if (this.fits(entries, bytes)) return 'released';
    this.dropOldest('completed', key, entries, bytes);
    return this.fits(entries, bytes) ? 'completed' : undefined;
  }

  /** Removes records that are over, at most so many; answers how many. */
  sweep(atMost: number, nowMs: number, except?: string): number {
    if (nowMs < this.earliestEndMs) return 0;
    let removed = 0;
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const records of Object.values(this.byState)) {
      for (const [key, record] of records.entries()) {
        if (!isKept(record, nowMs) && removed < atMost && key !== except) {
          this.remove(key, record);
          removed += 1;
        } else {
          earliestMs = Math.min(earliestMs, record.retentionEndMs);
        }
      }
    }
    this.earliestEndMs = earliestMs;
    return removed;
  }

  private fits(entries: number, bytes: number): boolean {
    return this.size <= entries && this.bytes <= bytes;
  }

  private remove(key: string, record: IdempotencyRecord): void {
    this.byState[record.state].delete(key);
    this.bytes -= bodyBytesOf(record);
  }

  /** Drops the oldest of a state until the rest fits; never the record that room is made for. */
  private dropOldest(state: 'released' | 'completed', except: string, entries: number, bytes: number): void {
    const records = this.byState[state];
    for (let left = records.size; left > 0 && !this.fits(entries, bytes); left -= 1) {
      const oldest = records.nextOldest();
      if (oldest !== undefined && oldest[0] !== except) this.remove(oldest[0], oldest[1]);
    }
  }
}

/** A full store drops one for each that comes; who has set so many without is not full. */
const MOST_SET_BETWEEN_DROPS = 100;

/** Records of one state, the one that got there first in front. */
class RecordsInOrder {
  private readonly records = new Map<string, IdempotencyRecord>();
  /**
   * Goes on where it was: a look from the beginning would pass the places of all that were dropped before, which a
   * map gives up only now and then. An engine keeps all that an iterator has yet to come by, what was deleted
   * included, so it is let go of as soon as nothing is dropped any more.
   */
  private oldestFirst: IterableIterator<[string, IdempotencyRecord]> | undefined;
  private setSinceDrop = 0;

  get size(): number {
    return this.records.size;
  }

  get(key: string): IdempotencyRecord | undefined {
    return this.records.get(key);
  }

  /** As the newest. */
  set(key: string, record: IdempotencyRecord): void {
    this.records.set(key, record);
    if (this.oldestFirst === undefined) return;
    this.setSinceDrop += 1;
    if (this.setSinceDrop > MOST_SET_BETWEEN_DROPS) this.oldestFirst = undefined;
  }

  delete(key: string): void {
    this.records.delete(key);
  }

  entries(): IterableIterator<[string, IdempotencyRecord]> {
    return this.records.entries();
  }

  /** The oldest that was not asked for before; from the beginning again when all were. */
  nextOldest(): [string, IdempotencyRecord] | undefined {
    this.setSinceDrop = 0;
    const next = this.oldestFirst?.next();
    if (next?.done === false) return next.value;
    this.oldestFirst = this.records.entries();
    return this.oldestFirst.next().value;
  }
}

function bodyBytesOf(record: IdempotencyRecord | undefined): number {
  if (record?.state !== 'completed') return 0;
  const { outcome } = record;
  return outcome instanceof KeptOutcome ? outcome.byteLength : outcome.body.byteLength;
}
