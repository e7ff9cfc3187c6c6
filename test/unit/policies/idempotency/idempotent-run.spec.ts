import { describe, expect, it } from '@jest/globals';
import { JsonCodec } from '../../../../lib/policies/idempotency/index.js';
import { gate, idempotentWorld } from './idempotent-world.js';

class HttpFailure extends Error {
  constructor(readonly status: number) {
    super(`failed with ${status}`);
  }
}

describe('a guarded run', () => {
  it('ID-09: runs once for three calls with one key, and answers all three alike', async () => {
    const { run, store, events } = idempotentWorld();
    let runs = 0;
    const place = async () => ({ id: (runs += 1) });

    const answers = [await run(place), await run(place), await run(place)];

    expect(runs).toBe(1);
    expect(answers).toEqual([{ id: 1 }, { id: 1 }, { id: 1 }]);
    expect(new Set(answers).size).toBe(3);
    expect(store.asked).toEqual(['begin', 'complete', 'begin', 'begin']);
    expect(events.counts()).toEqual({ 'idempotency.executed': 1, 'idempotency.replayed': 2 });
  });

  it('ID-07: 50 waiting calls of one process share one run, one begin and one complete', async () => {
    const { run, store, clock } = idempotentWorld();
    const work = gate<object>();
    let runs = 0;
    const place = () => {
      runs += 1;
      return work.promise;
    };
    const calls = Array.from({ length: 50 }, () => run(place, { onInFlight: 'wait' }));
    await clock.settle();
    work.open({ id: 'A' });

    const answers = await Promise.all(calls);

    expect(runs).toBe(1);
    expect(store.asked).toEqual(['begin', 'complete']);
    expect(new Set(answers).size).toBe(50);
    expect(answers.every((answer) => JSON.stringify(answer) === '{"id":"A"}')).toBe(true);
  });

  it('ID-07: each waiting call gets an error of its own, and the owner the one that was thrown', async () => {
    const { run, clock } = idempotentWorld();
    const work = gate<never>();
    const thrown = new HttpFailure(409);
    const calls = [0, 1, 2].map(() => run(() => work.promise, { onInFlight: 'wait' }));
    await clock.settle();
    work.fail(thrown);

    const errors = await Promise.all(calls.map((call) => call.catch((error: unknown) => error)));

    expect(errors[0]).toBe(thrown);
    expect(new Set(errors).size).toBe(3);
    expect(errors[2]).toMatchObject({ message: 'failed with 409', status: 409 });
  });

  it('ID-07: another payload is a mismatch meanwhile and afterwards', async () => {
    const { run, clock, events } = idempotentWorld();
    const work = gate<number>();
    const first = run(() => work.promise, { fingerprint: { a: 1 } });
    await clock.settle();

    await expect(run(() => 2, { fingerprint: { a: 2 } })).rejects.toMatchObject({
      code: 'RESILIENCE_IDEMPOTENCY_MISMATCH',
    });
    work.open(1);
    await first;
    await expect(run(() => 2, { fingerprint: { a: 2 } })).rejects.toMatchObject({
      code: 'RESILIENCE_IDEMPOTENCY_MISMATCH',
    });
    expect(events.of('idempotency.mismatch').map(({ state }) => state)).toEqual(['in-progress', 'completed']);
  });

  it('refuses a duplicate in flight at once, in this process without asking the store', async () => {
    const { run, clock, store, another } = idempotentWorld();
    const work = gate<number>();
    const first = run(() => work.promise);
    await clock.settle();

    const here = await run(() => 2).catch((error: unknown) => error);
    const there = await another()
      .run(() => 3)
      .catch((error: unknown) => error);

    for (const error of [here, there]) {
      expect(error).toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT', retryAfterMs: 1_000 });
    }
    expect(store.asked).toEqual(['begin', 'begin']);
    work.open(1);
    await expect(first).resolves.toBe(1);
  });

  it('ID-08: a waiter that leaves goes alone', async () => {
    const { run, clock } = idempotentWorld();
    const work = gate<number>();
    const left = new AbortController();
    const owner = run(() => work.promise);
    const staying = run(() => 2, { onInFlight: 'wait' });
    const leaving = run(() => 3, { onInFlight: 'wait', signal: left.signal });
    await clock.settle();
    const reason = new Error('gone');
    left.abort(reason);

    await expect(leaving).rejects.toBe(reason);
    work.open(1);
    expect([await owner, await staying]).toEqual([1, 1]);
  });

  it('ID-37: an owner whose caller leaves goes on, unaborted, and is recorded', async () => {
    const { run, clock } = idempotentWorld();
    const work = gate<number>();
    const left = new AbortController();
    let signal: AbortSignal | undefined;
    const owner = run(
      (call) => {
        signal = call.signal;
        return work.promise;
      },
      { signal: left.signal },
    );
    await clock.settle();
    left.abort(new Error('gone'));
    await expect(owner).rejects.toThrow('gone');
    expect(signal?.aborted).toBe(false);
    work.open(1);
    await clock.settle();

    expect(await run(() => 2)).toBe(1);
  });

  it('refuses a call that is made from within a run with its own key', async () => {
    const { run } = idempotentWorld();

    const inner = run(() => run(() => 1, { onInFlight: 'wait' }));

    await expect(inner).rejects.toMatchObject({
      code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT',
      reentrant: true,
      retryAfterMs: undefined,
    });
  });

  it('ID-36: a failure that is not final releases the key, one that is is replayed', async () => {
    const { run, events } = idempotentWorld();
    const outcomes = [new HttpFailure(503), new Error('boom'), new HttpFailure(402)];
    let runs = 0;
    const place = () => {
      runs += 1;
      throw outcomes[runs - 1] ?? new Error('too often');
    };
    for (const outcome of outcomes) await expect(run(place)).rejects.toBe(outcome);

    const replayed = await run(place).catch((error: unknown) => error);

    expect(runs).toBe(3);
    expect(replayed).not.toBe(outcomes[2]);
    expect(replayed).toMatchObject({ message: 'failed with 402', status: 402 });
    expect(events.of('idempotency.executed').map(({ recorded }) => recorded)).toEqual([
      'released',
      'released',
      'stored',
    ]);
  });

  it('a `final` that answers with a promise keeps nothing, and is reported', async () => {
    const { run, events } = idempotentWorld();
    // What JavaScript may give, and a cast.
    const final = (async () => true) as unknown as () => boolean;
    let runs = 0;

    await run(() => (runs += 1), { final });
    await run(() => (runs += 1), { final });

    expect(runs).toBe(2);
    expect(events.of('idempotency.executed').map(({ recorded }) => recorded)).toEqual([
      'released',
      'released',
    ]);
  });

  it('a failure that cannot be read releases the key as every other does', async () => {
    const { run } = idempotentWorld();
    const hostile = (): never => {
      throw new Error('nobody reads this');
    };
    const thrown: unknown = new Proxy({}, { get: hostile, has: hostile, getPrototypeOf: hostile });

    const first = await run(() => Promise.reject(thrown)).catch((error: unknown) => ({ error }));

    expect((first as { error: unknown }).error === thrown).toBe(true);
    expect(await run(() => 'again')).toBe('again');
  });

  it('a waiter becomes the owner when the owner releases', async () => {
    const { run, clock } = idempotentWorld();
    const work = gate<never>();
    const first = run(() => work.promise);
    const second = run(() => 2, { onInFlight: 'wait' });
    const third = run(() => 3, { onInFlight: 'wait' });
    await clock.settle();
    work.fail(new Error('no'));

    await expect(first).rejects.toThrow('no');
    expect([await second, await third]).toEqual([2, 2]);
  });

  it('ID-49: what cannot be kept reaches the first caller, and is never run again', async () => {
    const { run, warnings } = idempotentWorld();
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    let runs = 0;
    const place = () => {
      runs += 1;
      return cyclic;
    };

    expect(await run(place)).toBe(cyclic);
    await expect(run(place)).rejects.toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_REPLAY_UNAVAILABLE' });
    expect(runs).toBe(1);
    expect(warnings).toHaveLength(1);
  });

  it('ID-49: an instance of a registered class comes back as one', async () => {
    class Money {
      constructor(readonly cents: number) {}
    }
    const { run } = idempotentWorld(new JsonCodec([{ type: Money }]));
    await run(() => new Money(5));

    const replay = await run(() => new Money(6));

    expect(replay).toBeInstanceOf(Money);
    expect(replay).toEqual(new Money(5));
  });
});
