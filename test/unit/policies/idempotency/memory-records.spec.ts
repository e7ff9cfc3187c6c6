import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { IdempotencyRecord } from '../../../../lib/policies/idempotency/idempotency.record.js';
import { MemoryRecords } from '../../../../lib/policies/idempotency/memory-records.js';
import { collectGarbage } from '../../../support/garbage.js';

const claim = { fence: '1', attempts: 1, recovered: false, ownerId: 'o', fingerprint: '' };

function completed(bytes = 1, retentionEndMs = 1_000): IdempotencyRecord {
  const outcome = { kind: 'value', metadata: '', body: new Uint8Array(bytes) } as const;
  return { ...claim, state: 'completed', outcome, retentionEndMs };
}

function inProgress(retentionEndMs = 1_000): IdempotencyRecord {
  return { ...claim, state: 'in-progress', leaseEndMs: 10, retentionEndMs };
}

function released(retentionEndMs = 1_000): IdempotencyRecord {
  return { fence: '1', attempts: 1, recovered: false, state: 'released', retentionEndMs };
}

/** Puts a record as a store does; answers what had to go for it. */
function put(records: MemoryRecords, key: string, record: IdempotencyRecord, nowMs = 0) {
  const eviction = records.makeRoom(key, record, nowMs);
  if (eviction !== undefined) records.put(key, record);
  return eviction;
}

function kept(records: MemoryRecords, keys: string): string {
  return [...keys].filter((key) => records.get(key) !== undefined).join('');
}

describe('the records of a memory store', () => {
  it('drops the oldest outcome for each new one, time after time', () => {
    const records = new MemoryRecords({ maxEntries: 3, maxBytes: 100 });
    const evictions = [...'abcdefg'].map((key) => put(records, key, completed()));

    expect(evictions).toEqual(['none', 'none', 'none', 'completed', 'completed', 'completed', 'completed']);
    expect(kept(records, 'abcdefg')).toBe('efg');
    expect([records.size, records.bodyBytes]).toEqual([3, 3]);
  });

  it('counts the age of an outcome from its recording and not from its claim', () => {
    const records = new MemoryRecords({ maxEntries: 3, maxBytes: 100 });
    put(records, 'a', inProgress());
    put(records, 'b', completed());
    put(records, 'c', completed());
    put(records, 'a', completed());

    expect(put(records, 'd', completed())).toBe('completed');
    expect(kept(records, 'abcd')).toBe('acd');
  });

  it('goes round: what was passed over because it was being written is found the next time', () => {
    const records = new MemoryRecords({ maxEntries: 2, maxBytes: 100 });
    put(records, 'a', completed(40));
    put(records, 'b', completed(40));

    expect(put(records, 'a', completed(80))).toBe('completed');
    expect(kept(records, 'ab')).toBe('a');
    expect(put(records, 'c', completed(80))).toBe('completed');
    expect(kept(records, 'abc')).toBe('c');
    expect(put(records, 'd', completed(80))).toBe('completed');
    expect(kept(records, 'abcd')).toBe('d');
  });

  it('drops released marks before outcomes, and for bytes outcomes only', () => {
    const records = new MemoryRecords({ maxEntries: 2, maxBytes: 10 });
    put(records, 'a', completed(6));
    put(records, 'b', released());

    expect(put(records, 'c', inProgress())).toBe('released');
    expect(kept(records, 'abc')).toBe('ac');
    expect(put(records, 'c', completed(6))).toBe('completed');
    expect([kept(records, 'abc'), records.bodyBytes]).toEqual(['c', 6]);
  });

  it('never drops a claim in progress, and says that there is no room', () => {
    const records = new MemoryRecords({ maxEntries: 2, maxBytes: 10 });
    put(records, 'a', inProgress());
    put(records, 'b', inProgress());

    expect(put(records, 'c', inProgress())).toBeUndefined();
    expect(kept(records, 'abc')).toBe('ab');
    records.delete('a');
    expect(put(records, 'c', inProgress())).toBe('none');
    expect([kept(records, 'abc'), records.size]).toEqual(['bc', 2]);
  });

  it('sweeps what is over, of every state, and no more than it is asked to', () => {
    const records = new MemoryRecords({ maxEntries: 9, maxBytes: 100 });
    put(records, 'a', inProgress(5));
    put(records, 'b', completed(1, 5));
    put(records, 'c', released(5));
    put(records, 'd', completed(1, 9));

    expect(records.sweep(10, 4)).toBe(0);
    expect(records.sweep(2, 5)).toBe(2);
    expect(records.sweep(10, 5)).toBe(1);
    expect([kept(records, 'abcd'), records.size, records.bodyBytes]).toEqual(['d', 1, 1]);
    expect(records.sweep(10, 8)).toBe(0);
    expect(records.sweep(10, 9)).toBe(1);
  });

  it.each([
    ['never full', 10_000],
    ['full once, and not again', 600],
  ])('keeps nothing of what it has let go, %s', async (_when, maxEntries) => {
    const records = new MemoryRecords({ maxEntries, maxBytes: 1_000_000 });
    for (let index = 0; index < 610; index += 1) put(records, `first-${index}`, completed());
    const witnesses = Array.from({ length: 500 }, (_, index) => {
      const record = completed();
      put(records, `key-${index}`, record);
      return new WeakRef(record);
    });
    for (let index = 0; index < 610; index += 1) records.delete(`first-${index}`);
    for (let index = 0; index < 500; index += 1) records.delete(`key-${index}`);
    for (let index = 0; index < 5_000; index += 1) {
      put(records, `later-${index}`, completed());
      records.delete(`later-${index}`);
    }
    // What was looked at in this turn is not collected in it.
    await nextTurn();
    collectGarbage();

    expect(witnesses.filter((witness) => witness.deref() !== undefined)).toHaveLength(0);
    expect(records.size).toBe(0);
  });
});
