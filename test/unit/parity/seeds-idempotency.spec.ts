import { describe, expect, it } from '@jest/globals';
import { idempotentWorld } from '../policies/idempotency/idempotent-world.js';

/** Defect 18 of spec/parity.md, part by part. */
describe('the seeds’ sample code: idempotency', () => {
  it('18: two interleaved requests with one key create one order', async () => {
    const { run, clock } = idempotentWorld();
    let orders = 0;
    const place = async (): Promise<number> => {
      await clock.settle();
      return (orders += 1);
    };

    const answers = await Promise.all([
      run(place, { onInFlight: 'wait' }),
      run(place, { onInFlight: 'wait' }),
    ]);

    expect(answers).toEqual([1, 1]);
    expect(orders).toBe(1);
  });

  it('18: a key belongs to its scope, and comes with its payload', async () => {
    const { run } = idempotentWorld();
    let orders = 0;
    const place = async (): Promise<number> => (orders += 1);

    const ada = await run(place, { scope: 'ada', fingerprint: 'a book' });
    const bob = await run(place, { scope: 'bob', fingerprint: 'a book' });
    const other = run(place, { scope: 'ada', fingerprint: 'a car' });

    expect([ada, bob]).toEqual([1, 2]);
    await expect(other).rejects.toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_MISMATCH' });
  });

  it('18: an outcome expires', async () => {
    const { run, clock } = idempotentWorld();
    let orders = 0;
    const place = async (): Promise<number> => (orders += 1);
    await run(place, { ttl: '1h' });

    await clock.advance(3_600_000);

    expect(await run(place, { ttl: '1h' })).toBe(2);
  });

  it('18: the key is claimed before the effect, and a crash in between is told to who comes next', async () => {
    const { run, store, clock, another } = idempotentWorld();
    const order: string[] = [];
    const never = (): Promise<never> => {
      order.push(...store.asked, 'effect');
      return new Promise(() => undefined);
    };
    store.instead.set('extend', () => Promise.reject(new Error('the process is gone')));
    void run(never).catch(() => undefined);
    await clock.settle();
    await clock.advance(30_001);
    const recovered: unknown[] = [];

    await another().run(async (call) => recovered.push(call.idempotency?.recovered), {
      alreadyDone: () => undefined,
    });

    expect(order).toEqual(['begin', 'effect']);
    expect(recovered).toEqual([true]);
  });

  it('18: a failure that is final is stored, and not run again', async () => {
    const { run } = idempotentWorld();
    let runs = 0;
    const refuse = async (): Promise<never> => {
      runs += 1;
      throw Object.assign(new Error('no such book'), { status: 404 });
    };

    const failures = [run(refuse), run(refuse)].map((each) => each.catch((error: unknown) => error));
    await failures[0];
    const again = await run(refuse).catch((error: unknown) => error);

    expect(again).toMatchObject({ message: 'no such book' });
    expect(runs).toBe(1);
  });
});
