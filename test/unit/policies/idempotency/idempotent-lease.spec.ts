import { describe, expect, it } from '@jest/globals';
import { KeyNames } from '../../../../lib/policies/idempotency/index.js';
import type { ManualClock } from '../../../../lib/testing/manual-clock.js';
import { gate, idempotentWorld, type ProbedStore } from './idempotent-world.js';

const STORED_KEY = new KeyNames('').of({ operation: 'Orders.place', key: 'k' });
const never = () => new Promise<never>(() => undefined);

describe('a claim and its lease', () => {
  it('ID-11: is renewed every third of the lease, so that nobody takes over', async () => {
    const { run, clock, store, another } = idempotentWorld();
    const work = gate<number>();
    const owner = run(() => work.promise, { lease: 300 });
    await clock.advance(1_500);

    await expect(another().run(() => 2)).rejects.toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT' });
    expect(store.asked.filter((name) => name === 'extend').length).toBeGreaterThanOrEqual(14);
    work.open(1);
    expect(await owner).toBe(1);
    await clock.advance(1_000);
    expect(clock.allTimers).toBeLessThanOrEqual(2);
  });

  it('ID-12: an owner that was replaced gets the outcome of the other, never its own', async () => {
    const { run, clock, store, another, events } = idempotentWorld();
    store.instead.set('extend', never);
    const work = gate<string>();
    const old = run(() => work.promise, { lease: 500 });
    await clock.advance(700);
    const other = another();
    expect(await other.run((call) => call.attempt && 'B', { lease: 500 })).toBe('B');
    work.open('A');

    expect(await old).toBe('B');
    expect(events.of('idempotency.executed')[0]).toMatchObject({ recorded: 'superseded' });
    expect(other.events.kinds).toEqual(['idempotency.taken-over', 'idempotency.executed']);
  });

  it('ID-12: while the other still runs it is told that it was superseded', async () => {
    const { run, clock, store, another } = idempotentWorld();
    store.instead.set('extend', never);
    const [work, otherWork] = [gate<string>(), gate<string>()];
    const old = run(() => work.promise, { lease: 500 });
    await clock.advance(700);
    const other = another().run(() => otherWork.promise, { lease: 500 });
    await clock.settle();
    work.open('A');

    await expect(old).rejects.toMatchObject({ superseded: true });
    otherWork.open('B');
    expect(await other).toBe('B');
  });

  it('ID-17: learns at the next beat that it is fenced, and its signal aborts', async () => {
    const { run, clock, store } = idempotentWorld();
    const work = gate<number>();
    let signal: AbortSignal | undefined;
    const owner = run((call) => {
      signal = call.signal;
      return work.promise;
    });
    await clock.settle();
    expect(await store.forget(STORED_KEY)).toBe(true);
    await clock.advance(10_000);

    expect(signal?.aborted).toBe(true);
    work.open(1);
    await expect(owner).rejects.toMatchObject({ superseded: true });
  });

  it('ID-23: every claim after one that ended in silence is recovered', async () => {
    const { store, clock, run } = idempotentWorld();
    const request = { storedKey: STORED_KEY, fingerprint: '', ownerId: 'dead' };
    await store.begin({ ...request, leaseMs: 100, retentionMs: 100_000 });
    await clock.advance(200);
    const seen: unknown[] = [];
    const careful = () => {
      throw new Error('somebody was here');
    };

    for (let turn = 0; turn < 3; turn += 1)
      await run(careful).catch((error: Error) => seen.push(error.message));

    expect(seen).toEqual(['somebody was here', 'somebody was here', 'somebody was here']);
    expect(await store.read(STORED_KEY)).toMatchObject({ state: 'released', recovered: true, attempts: 4 });
  });

  it('ID-64: asks alreadyDone once for a recovered key, and keeps its answer', async () => {
    const { store, clock, run, events } = idempotentWorld();
    const request = { storedKey: STORED_KEY, fingerprint: '', ownerId: 'dead' };
    await store.begin({ ...request, leaseMs: 100, retentionMs: 100_000 });
    await clock.advance(200);
    let [runs, looks] = [0, 0];
    const options = {
      alreadyDone: async () => {
        looks += 1;
        return null;
      },
    };

    const answers = [await run(() => (runs += 1), options), await run(() => (runs += 1), options)];

    expect([answers, runs, looks]).toEqual([[null, null], 0, 1]);
    expect(events.of('idempotency.executed')[0]).toMatchObject({ alreadyDone: true, recorded: 'stored' });
  });

  it('of work that never settles blocks its key no longer than its ttl', async () => {
    const { run, clock } = idempotentWorld();
    void run(never, { lease: 300, ttl: '1s' }).catch(() => undefined);
    await clock.advance(1_000);
    await expect(run(() => 2)).rejects.toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT' });
    await clock.advance(1_000);

    expect(await run(() => 2)).toBe(2);
  });

  it('waits for an owner of another process, and takes over when its lease is over', async () => {
    const { store, clock, run } = idempotentWorld();
    const request = { storedKey: STORED_KEY, fingerprint: '', ownerId: 'dead' };
    await store.begin({ ...request, leaseMs: 1_000, retentionMs: 100_000 });
    const waiting = run(() => 'mine', { onInFlight: 'wait', lease: 1_000 });
    await clock.advance(1_000);

    expect(await waiting).toBe('mine');
  });
});

/** The answers of the next begins come so much later than they were made. */
function delayBegins(store: ProbedStore, clock: ManualClock, ...delaysMs: number[]): void {
  const begin = store.begin.bind(store);
  store.begin = async (...args) => {
    const answer = await begin(...args);
    const delayMs = delaysMs.shift();
    if (delayMs !== undefined) {
      await new Promise<void>((resolve) => {
        clock.schedule(delayMs, resolve);
      });
    }
    return answer;
  };
}

describe('a store that is down', () => {
  it('ID-04: refuses the call when the time is over, and gives the claim back that was written late', async () => {
    const { run, store, clock, events } = idempotentWorld();
    let runs = 0;
    store.instead.set('begin', never);
    const call = run(() => (runs += 1)).catch((error: unknown) => error);
    await clock.advance(1_000);

    expect(await call).toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_STORE', phase: 'begin' });
    expect(store.asked).toEqual(['begin', 'release']);
    expect(runs).toBe(0);
    expect(events.of('idempotency.store-down')).toMatchObject([{ phase: 'begin', ranUnguarded: false }]);
  });

  it('runs nothing under a lease that was over before its begin was heard and that another has taken over', async () => {
    const { run, store, clock, another } = idempotentWorld();
    const other = another();
    const options = { lease: 300 };
    delayBegins(store, clock, 500);
    let runs = 0;
    const late = run(() => (runs += 1), options).catch((error: unknown) => error);
    await clock.advance(400);
    const quick = await other.run(() => 'the other', options);
    await clock.advance(1_000);

    expect(quick).toBe('the other');
    expect(await late).toBe('the other');
    expect(runs).toBe(0);
  });

  it('runs under such a lease where nobody has, once it was renewed', async () => {
    const { run, store, clock, events } = idempotentWorld();
    delayBegins(store, clock, 500);

    const late = run(({ idempotency }) => idempotency?.fence, { lease: 300 });
    await clock.advance(500);

    expect(await late).toBe('1');
    expect(store.asked).toEqual(['begin', 'begin', 'complete']);
    expect(events.of('idempotency.executed')).toMatchObject([{ attempts: 1, recorded: 'stored' }]);
  });

  it('is down for a lease that is always over before it is heard', async () => {
    const { run, store, clock } = idempotentWorld();
    delayBegins(store, clock, 500, 500);
    let runs = 0;
    const call = run(() => (runs += 1), { lease: 300 }).catch((error: unknown) => error);
    await clock.advance(1_000);

    expect(await call).toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_STORE', phase: 'begin' });
    expect(runs).toBe(0);
    expect((await store.read(STORED_KEY))?.state).toBe('released');
  });

  it('sends a begin again while the connection fails and the time allows', async () => {
    const { run, store, clock } = idempotentWorld();
    store.instead.set('begin', async () => {
      throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    });
    const call = run(() => 'ran');
    await clock.advance(100);
    store.instead.clear();
    await clock.advance(500);

    expect(await call).toBe('ran');
  });

  it('ID-24: runs unguarded where that was asked for, and says so', async () => {
    const { run, store, events } = idempotentWorld();
    store.instead.set('begin', async () => {
      throw new Error('down');
    });
    let runs = 0;
    const options = { onStoreDown: 'run' } as const;

    expect([await run(() => (runs += 1), options), await run(() => (runs += 1), options)]).toEqual([1, 2]);
    expect(events.of('idempotency.store-down').map((event) => event.ranUnguarded)).toEqual([true, true]);
    expect(events.of('idempotency.store-down')[0]?.error).toMatchObject({ message: 'down' });
    expect(await store.read(STORED_KEY)).toBeUndefined();
  });

  it('ID-25: a complete that fails is tried on in the background, and the caller has its answer', async () => {
    const { run, store, clock, another, events, runner } = idempotentWorld();
    store.instead.set('complete', never);
    const call = run(() => 'done', { lease: 300 });
    await clock.advance(1_000);
    expect(await call).toBe('done');
    expect(await run(() => 'again')).toBe('done');
    await expect(another().run(() => 'again')).rejects.toMatchObject({
      code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT',
    });
    store.instead.clear();
    await clock.advance(5_000);
    await runner.idle();

    expect(await another().run(() => 'again')).toBe('done');
    expect(events.of('idempotency.executed')[0]).toMatchObject({ recorded: 'pending' });
  });

  it('ID-19: a record that was lost is written anew', async () => {
    const { run, store, another, events } = idempotentWorld();
    const complete = store.complete.bind(store);
    store.complete = (request, options) =>
      complete({ ...request, storedKey: request.storedKey.replace(/^./, 'x') }, options);

    expect(await run(() => 1)).toBe(1);
    expect(events.of('idempotency.executed')[0]).toMatchObject({ recorded: 'recreated' });
    expect(another()).toBeDefined();
  });
});

describe('an application that closes', () => {
  it('ID-18: begins no claim, and releases one whose method was not entered', async () => {
    const { run, lifetime, store } = idempotentWorld();
    lifetime.close();

    await expect(run(() => 1)).rejects.toMatchObject({
      code: 'RESILIENCE_IDEMPOTENCY_STORE',
      phase: 'begin',
    });
    expect(store.asked).toEqual([]);
  });

  it('ID-18: lets a method that was entered end, and leaves no timer', async () => {
    const { run, lifetime, clock, runner } = idempotentWorld();
    const work = gate<number>();
    const call = run(() => work.promise);
    await clock.settle();
    lifetime.close();
    work.open(1);
    expect(await call).toBe(1);
    await runner.idle();
    runner.stop();

    expect(clock.allTimers).toBe(0);
  });
});

describe('inspect and forget', () => {
  it('ID-62: show a record, and let the next call run with a higher fence', async () => {
    const { run, runner } = idempotentWorld();
    const name = { operation: 'Orders.place', key: 'k' };
    await run(() => 1);
    const before = await runner.inspect(name);

    expect(before).toMatchObject({ state: 'completed', attempts: 1, outcome: 'value' });
    expect(await runner.forget(name)).toBe(true);
    expect(await run(() => 2)).toBe(2);
    expect(BigInt((await runner.inspect(name))?.fence ?? 0)).toBeGreaterThan(BigInt(before?.fence ?? 0));
    expect(await runner.forget({ ...name, key: 'unknown' })).toBe(false);
  });

  it.each(['still runs', 'has ended'])(
    'ID-62: the caller of an owner that was forgotten gets no answer to another payload, which %s',
    async (other) => {
      const { run, runner, clock, events } = idempotentWorld();
      const [work, otherWork] = [gate<string>(), gate<string>()];
      const owner = run(() => work.promise, { fingerprint: { amount: 1 } });
      await clock.settle();
      await runner.forget({ operation: 'Orders.place', key: 'k' });
      const second = run(() => otherWork.promise, { fingerprint: { amount: 2 } });
      if (other === 'has ended') otherWork.open('of 2');
      await clock.settle();
      work.open('of 1');

      await expect(owner).rejects.toMatchObject({ name: 'IdempotencyMismatchError' });
      otherWork.open('of 2');
      await expect(second).resolves.toBe('of 2');
      expect(events.of('idempotency.mismatch')).toHaveLength(0);
    },
  );

  it('ID-62: the caller of an owner that was forgotten gets what the same payload came to', async () => {
    const { run, runner, clock } = idempotentWorld();
    const work = gate<string>();
    const owner = run(() => work.promise, { fingerprint: { amount: 1 } });
    await clock.settle();
    await runner.forget({ operation: 'Orders.place', key: 'k' });
    await run(() => 'the second', { fingerprint: { amount: 1 } });
    work.open('the first');

    await expect(owner).resolves.toBe('the second');
  });

  it('show no fingerprint', async () => {
    const { run, runner } = idempotentWorld();
    await run(() => 1, { fingerprint: 1 });
    expect(await runner.inspect({ operation: 'Orders.place', key: 'k' })).not.toHaveProperty('fingerprint');
  });
});
