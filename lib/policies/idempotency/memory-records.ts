import { type IdempotencyRecord, isKept } from './idempotency.record.js';

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
    'in-progress': new Map<string, IdempotencyRecord>(),
    completed: new Map<string, IdempotencyRecord>(),
    released: new Map<string, IdempotencyRecord>(),
  };
  private bytes = 0;
  /** No record ends before this time, so that a full store does not look through all of them at every call. */
  private earliestEndMs = Number.POSITIVE_INFINITY;

  constructor(private readonly limits: MemoryLimits) {}

  get size(): number {
    return this.byState['in-progress'].size + this.byState.completed.size + this.byState.released.size;
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
  put(key: string, record: IdempotencyRecord): void {
    this.delete(key);
    this.byState[record.state].set(key, record);
    this.bytes += bodyBytesOf(record);
    this.earliestEndMs = Math.min(this.earliestEndMs, record.retentionEndMs);
  }

  delete(key: string): void {
    const found = this.get(key);
    if (found === undefined) return;
    this.byState[found.state].delete(key);
    this.bytes -= bodyBytesOf(found);
  }

  /**
   * Drops what must go for this record to fit: what is over, released marks, then the oldest outcomes, and never
   * a claim in progress. Answers what was the worst, or `undefined` where there is no room.
   */
  makeRoom(key: string, record: IdempotencyRecord, nowMs: number): Eviction | undefined {
    const before = this.get(key);
    const moreEntries = before === undefined ? 1 : 0;
    const moreBytes = bodyBytesOf(record) - (before === undefined ? 0 : bodyBytesOf(before));
    const fits = (): boolean =>
      this.size + moreEntries <= this.limits.maxEntries && this.bytes + moreBytes <= this.limits.maxBytes;
    if (fits()) return 'none';
    this.sweep(Number.POSITIVE_INFINITY, nowMs, key);
    if (fits()) return 'over';
    // Marks have no body: they cannot make room for bytes.
    const needsEntries = this.size + moreEntries > this.limits.maxEntries;
    if (needsEntries && this.dropOldest('released', key, fits) && fits()) return 'released';
    return this.dropOldest('completed', key, fits) && fits() ? 'completed' : undefined;
  }

  /** Removes records that are over, at most so many; answers how many. */
  sweep(atMost: number, nowMs: number, except?: string): number {
    if (nowMs < this.earliestEndMs) return 0;
    let removed = 0;
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const records of Object.values(this.byState)) {
      for (const [key, record] of records) {
        if (!isKept(record, nowMs) && removed < atMost && key !== except) {
          this.delete(key);
          removed += 1;
        } else {
          earliestMs = Math.min(earliestMs, record.retentionEndMs);
        }
      }
    }
    this.earliestEndMs = earliestMs;
    return removed;
  }

  /** Drops the oldest of a state until it is enough; never the record that room is made for. */
  private dropOldest(state: 'released' | 'completed', except: string, isEnough: () => boolean): boolean {
    for (const key of this.byState[state].keys()) {
      if (isEnough()) return true;
      if (key !== except) this.delete(key);
    }
    return isEnough();
  }
}

function bodyBytesOf(record: IdempotencyRecord): number {
  return record.state === 'completed' ? record.outcome.body.byteLength : 0;
}
