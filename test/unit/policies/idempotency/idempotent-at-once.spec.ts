import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { OutcomeCodec } from '../../../../lib/policies/idempotency/index.js';
import { gate, worldAtOnce } from './idempotent-world.js';

describe('a run on a store that answers at once', () => {
  it('begins in the turn in which it is called, and is recorded when its caller has the answer', async () => {
    const { run, runner } = worldAtOnce();
    const work = gate<string>();
    const seen: string[] = [];
    const answer = run(() => {
      seen.push('begun');
      return work.promise;
    });
    seen.push('called');

    expect(seen).toEqual(['begun', 'called']);
    work.open('done');
    expect(await answer).toBe('done');
    expect(await runner.inspect({ operation: 'Orders.place', key: 'k' })).toMatchObject({
      state: 'completed',
    });
  });

  it('gives what was recorded, whatever becomes of the value or of the bytes that its codec made', async () => {
    const bytes = Buffer.from('a');
    const codec: OutcomeCodec = {
      name: 'one buffer for all',
      encode: () => bytes,
      decode: (stored) => Buffer.from(stored).toString(),
    };
    const { run } = worldAtOnce({ codec });
    await run(() => 'a');
    bytes.write('b');

    expect(await run(() => 'not run')).toBe('a');
    expect(await run(() => 'not run')).toBe('a');
  });

  it('has changed the record before its caller has the answer, where the codec takes its time', async () => {
    const codec: OutcomeCodec = {
      name: 'slow',
      encode: async (value) => Buffer.from(String(value)),
      decode: async (stored) => Buffer.from(stored).toString(),
    };
    const { run, runner } = worldAtOnce({ codec });
    await run(() => 'a');

    expect(await runner.inspect({ operation: 'Orders.place', key: 'k' })).toMatchObject({
      state: 'completed',
    });
    expect(await run(() => 'not run')).toBe('a');
  });

  it('does not run where the store is full of claims in progress, and says so', async () => {
    const { run } = worldAtOnce({ maxEntries: 1 });
    const work = gate<string>();
    const first = run(() => work.promise, { key: 'one' });
    let runs = 0;

    await expect(run(() => (runs += 1), { key: 'other' })).rejects.toMatchObject({
      code: 'RESILIENCE_IDEMPOTENCY_STORE',
      phase: 'begin',
      cause: expect.objectContaining({ message: expect.stringContaining('full of claims in progress') }),
    });
    expect(await run(() => (runs += 1), { key: 'other', onStoreDown: 'run' })).toBe(1);
    work.open('done');
    await first;
    expect(await run(() => (runs += 1), { key: 'other' })).toBe(2);
  });

  it('is waited for by whoever waits for the end of all work', async () => {
    const { run, runner } = worldAtOnce();
    const work = gate<string>();
    void run(() => work.promise);
    let isIdle = false;
    const idle = runner.idle().then(() => (isIdle = true));
    await Promise.resolve();

    expect(isIdle).toBe(false);
    work.open('done');
    expect(await idle).toBe(true);
  });

  it('wakes all who wait in the turn in which the outcome is recorded', async () => {
    const { run, clock, events } = worldAtOnce();
    const work = gate<{ n: number }>();
    const [first, ...others] = Array.from({ length: 50 }, () =>
      run(() => work.promise, { onInFlight: 'wait' }),
    );
    await clock.advance(100);
    work.open({ n: 1 });

    const copies = await Promise.all(others);
    expect(new Set([await first, ...copies]).size).toBe(50);
    expect(copies.every((copy) => isDeepStrictEqual(copy, { n: 1 }))).toBe(true);
    expect(events.counts()).toEqual({ 'idempotency.executed': 1, 'idempotency.replayed': 49 });
    expect(clock.nowMs()).toBe(100);
  });
});
