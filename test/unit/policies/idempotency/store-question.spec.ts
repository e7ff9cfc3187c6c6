import { describe, expect, it } from '@jest/globals';
import { MemoryIdempotencyStore, StoreQuestion } from '../../../../lib/policies/idempotency/index.js';

describe('a question to a store', () => {
  it('has a signal that aborts with the reason, whenever it is read', () => {
    const [before, after] = [new StoreQuestion(), new StoreQuestion()];
    const reason = new Error('the time is over');
    const { signal } = before;

    for (const question of [before, after]) question.leave(reason);

    expect([signal.aborted, signal.reason]).toEqual([true, reason]);
    expect([after.signal.aborted, after.signal.reason, after.isLeft]).toEqual([true, reason, true]);
  });

  it('is not answered by the memory store when it was left', async () => {
    const store = new MemoryIdempotencyStore();
    const question = new StoreQuestion();
    question.leave(new Error('the time is over'));

    await expect(store.read('k', question)).rejects.toThrow('the time is over');
    await expect(store.read('k', { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    expect(await store.read('k', new StoreQuestion())).toBeUndefined();
  });
});
