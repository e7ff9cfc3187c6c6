import { beforeEach, describe, expect, it } from '@jest/globals';
import { ConflictException, HttpException, Injectable, NotFoundException } from '@nestjs/common';
import {
  CallContext,
  type CallIdempotency,
  Fallback,
  Hedge,
  Idempotent,
  IdempotencyInFlightError,
  IdempotencyKeyInvalidError,
  IdempotencyKeyMissingError,
  IdempotencyMismatchError,
  type IdempotencyStore,
  MemoryIdempotencyStore,
  retryInfo,
  Retryable,
} from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { closed, Gate, silenced } from '../../../support/idempotency-world.js';
import { Applications, outcomeOf, until } from '../../../support/nest-applications.js';
import { httpError } from '../../../support/retry-world.js';

interface Order {
  readonly id: string;
  readonly amount: number;
}

const ORDER: Order = { id: 'o-1', amount: 5 };
const key = ({ id }: Order): string => id;
const ONE_LEASE = 31_000;

let runs = 0;
let seen: (CallIdempotency | undefined)[] = [];
let work: (order: Order, call: CallContext) => Promise<unknown> = async () => undefined;

beforeEach(() => {
  runs = 0;
  seen = [];
  work = async ({ amount }) => ({ receipt: amount, at: new Date(0) });
});

function run(order: Order, call: CallContext): Promise<unknown> {
  runs += 1;
  seen.push(call.idempotency);
  return work(order, call);
}

@Injectable()
class Orders {
  @Idempotent({ key })
  place(order: Order, @CallContext() call?: CallContext): Promise<unknown> {
    return run(order, call as CallContext);
  }

  @Idempotent({ key, onInFlight: 'wait' })
  await(order: Order, @CallContext() call?: CallContext): Promise<unknown> {
    return run(order, call as CallContext);
  }

  @Idempotent({ key, lease: 300 })
  @Retryable({ maxAttempts: 3, backoff: { initialDelay: '400ms', jitter: 'none' }, budget: false })
  insist(order: Order, @CallContext() call?: CallContext): Promise<unknown> {
    return run(order, call as CallContext);
  }

  @Idempotent({ key })
  @Retryable({ retryOn: () => true, backoff: { type: 'fixed', initialDelay: 0 }, budget: false })
  @Fallback({ value: 'degraded' })
  degrade(order: Order, @CallContext() call?: CallContext): Promise<unknown> {
    return run(order, call as CallContext);
  }

  @Idempotent({ key })
  @Fallback({ value: 'degraded' }, { applyOn: () => true })
  alwaysDegrade(order: Order, @CallContext() call?: CallContext): Promise<unknown> {
    return run(order, call as CallContext);
  }

  @Idempotent({ key })
  @Hedge('10ms')
  hedge(order: Order, @CallContext() call?: CallContext): Promise<unknown> {
    return run(order, call as CallContext);
  }

  @Idempotent({ key: () => undefined })
  keyless(): Promise<unknown> {
    return work(ORDER, {} as CallContext);
  }

  @Idempotent({ key: () => undefined, required: false })
  async optional(): Promise<number> {
    return (runs += 1);
  }

  @Idempotent({ key: () => '' })
  empty(): Promise<unknown> {
    return work(ORDER, {} as CallContext);
  }
}

describe('guarded services', () => {
  const applications = new Applications();
  const start = (store?: IdempotencyStore, clock = new ManualClock(), enabled = true) =>
    applications.start(
      { providers: [Orders] },
      { clock, policies: enabled, ...(store && { idempotency: { store } }) },
    );

  it('NI-55: two calls with one key are one execution, nothing else registered', async () => {
    const { get, events } = await start();

    const first = await get(Orders).place(ORDER);
    const second = await get(Orders).place({ ...ORDER });

    expect(runs).toBe(1);
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    expect(events.counts()).toEqual({ 'idempotency.executed': 1, 'idempotency.replayed': 1 });
  });

  it('gives the method its key, fence, attempts and mark, and a caller no claim of its own', async () => {
    const { get } = await start();

    await get(Orders).place(ORDER);

    expect(seen).toEqual([
      { key: 'o-1', fence: expect.stringMatching(/^\d+$/), attempts: 1, recovered: false },
    ]);
  });

  it('refuses another payload, a missing key and one that cannot be read', async () => {
    const { get } = await start();
    await get(Orders).place(ORDER);

    const other = await outcomeOf(() => get(Orders).place({ ...ORDER, amount: 6 }));
    const missing = await outcomeOf(() => get(Orders).keyless());
    const invalid = await outcomeOf(() => get(Orders).empty());

    expect(other.error).toBeInstanceOf(IdempotencyMismatchError);
    expect(missing.error).toBeInstanceOf(IdempotencyKeyMissingError);
    expect(invalid.error).toBeInstanceOf(IdempotencyKeyInvalidError);
    expect(runs).toBe(1);
  });

  it('runs a call without a key unguarded where none is required', async () => {
    const { get, events } = await start();

    expect([await get(Orders).optional(), await get(Orders).optional()]).toEqual([1, 2]);
    expect(events.counts()).toEqual({});
  });

  it('ID-09: three calls one after the other are one order and three equal answers', async () => {
    const { get } = await start();

    const answers = [];
    for (let call = 0; call < 3; call += 1) answers.push(await get(Orders).place(ORDER));

    expect(runs).toBe(1);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('ID-09: of two interleaved calls one is in flight, and after completion a replay', async () => {
    const { get } = await start();
    const gate = new Gate<string>();
    work = () => gate.promise;

    const first = get(Orders).place(ORDER);
    const second = await outcomeOf(() => get(Orders).place(ORDER));
    gate.open('paid');

    expect(second.error).toBeInstanceOf(IdempotencyInFlightError);
    expect(await first).toBe('paid');
    expect(await get(Orders).place(ORDER)).toBe('paid');
    expect(runs).toBe(1);
  });

  it('ID-07: calls that wait get a copy each, and of an error an error of their own', async () => {
    const { get } = await start();
    const gate = new Gate<never>();
    work = () => gate.promise;

    const calls = Array.from({ length: 10 }, () => outcomeOf(() => get(Orders).await(ORDER)));
    await until(() => runs === 1);
    gate.fail(new ConflictException('taken'));
    const errors = (await Promise.all(calls)).map(({ error }) => error as HttpException);

    expect(runs).toBe(1);
    expect(new Set(errors).size).toBe(10);
    for (const error of errors) {
      expect(error).toBeInstanceOf(HttpException);
      expect([error.name, error.getStatus(), error.message]).toEqual(['ConflictException', 409, 'taken']);
      expect(error.getResponse()).toEqual(errors[0]?.getResponse());
    }
  });

  it('ID-23: a method that refuses recovered keys has its effect at most once', async () => {
    const clock = new ManualClock();
    const store = new MemoryIdempotencyStore({ clock });
    const [dead, living] = [await start(silenced(store), clock), await start(store, clock)];
    const gate = new Gate<string>();
    work = (_, call) =>
      call.idempotency?.recovered === true ? Promise.reject(new Error('look first')) : gate.promise;

    const lost = outcomeOf(() => dead.get(Orders).place(ORDER));
    await until(() => runs === 1);
    await clock.advance(ONE_LEASE);
    for (let call = 0; call < 3; call += 1) await outcomeOf(() => living.get(Orders).place(ORDER));

    expect(seen.slice(1).map((each) => each?.recovered)).toEqual([true, true, true]);
    expect(seen.slice(1).map((each) => each?.attempts)).toEqual([2, 3, 4]);
    gate.fail(new Error('gone'));
    await closed(dead.app, clock);
    await lost;
  });

  it('ID-27: a store that never completes makes nothing of a success', async () => {
    const clock = new ManualClock();
    const { get, app } = await start(silenced(new MemoryIdempotencyStore({ clock })), clock);

    const call = get(Orders).insist(ORDER);
    await clock.advance(2_000);

    expect(await call).toEqual({ receipt: 5, at: new Date(0) });
    expect(runs).toBe(1);
    await closed(app, clock);
  });

  it('ID-50: all attempts of a retry run under one claim, which is renewed through the delays', async () => {
    const { get, clock, events } = await start();
    work = async () => {
      if (runs < 3) throw httpError(503);
      return 'third';
    };

    const call = get(Orders).insist(ORDER);
    await clock.advance(2_000);

    expect(await call).toBe('third');
    expect(runs).toBe(3);
    expect(new Set(seen.map((each) => `${each?.key} ${each?.fence}`)).size).toBe(1);
    expect(await get(Orders).insist(ORDER)).toBe('third');
    expect(events.of('idempotency.executed')).toMatchObject([{ recorded: 'stored', attempts: 1 }]);
    expect(events.of('idempotency.taken-over')).toEqual([]);
  });

  it('ID-53: the answer of a fallback is never recorded, and a kept failure is replayed through it', async () => {
    const { get } = await start();
    work = () => Promise.reject(httpError(503));

    expect(await get(Orders).degrade(ORDER)).toBe('degraded');
    const before = runs;
    expect(await get(Orders).degrade(ORDER)).toBe('degraded');
    expect(runs).toBeGreaterThan(before);

    runs = 0;
    work = () => Promise.reject(new NotFoundException('no such order'));
    expect(await get(Orders).alwaysDegrade(ORDER)).toBe('degraded');
    expect(await get(Orders).alwaysDegrade(ORDER)).toBe('degraded');
    expect(runs).toBe(1);
  });

  it('ID-51, ID-53: a kept 404 reaches the caller, and its replay is neither retried nor degraded', async () => {
    const { get } = await start();
    work = () => Promise.reject(new NotFoundException('no such order'));
    const first = await outcomeOf(() => get(Orders).degrade(ORDER));
    const before = runs;

    const second = await outcomeOf(() => get(Orders).degrade(ORDER));

    expect(first.error).toBeInstanceOf(NotFoundException);
    expect((second.error as HttpException).getStatus()).toBe(404);
    expect(second.error).not.toBe(first.error);
    expect(runs).toBe(before);
  });

  it('ID-53: a hedge runs under the same claim, and one record is made', async () => {
    const { get, clock, events } = await start();
    const gate = new Gate<string>();
    work = () => (runs === 1 ? gate.promise : Promise.resolve('hedged'));

    const call = get(Orders).hedge(ORDER);
    await clock.advance(20);

    expect(await call).toBe('hedged');
    gate.open('late');
    await clock.settle();
    expect(await get(Orders).hedge(ORDER)).toBe('hedged');
    expect(seen.map((each) => [each?.key, each?.fence])).toEqual([
      [ORDER.id, '1'],
      [ORDER.id, '1'],
    ]);
    expect(events.of('idempotency.executed')).toHaveLength(1);
  });

  it('stays in place when policies are switched off', async () => {
    const { get } = await start(undefined, undefined, false);
    work = async () => {
      throw new NotFoundException();
    };

    await outcomeOf(() => get(Orders).insist(ORDER));
    await outcomeOf(() => get(Orders).insist(ORDER));

    expect(runs).toBe(1);
    expect(seen[0]).toMatchObject({ key: 'o-1', attempts: 1 });
  });

  it('shares nothing between two applications', async () => {
    const [one, other] = [await start(), await start()];

    await one.get(Orders).place(ORDER);
    await other.get(Orders).place(ORDER);

    expect(runs).toBe(2);
    expect(other.events.counts()).toEqual({ 'idempotency.executed': 1 });
  });

  it('guards on the default runtime as well, with one warning', async () => {
    const orders = new Orders();

    await orders.place(ORDER);
    await orders.place(ORDER);

    expect(runs).toBe(1);
  });

  it('tells why a replay was not retried', async () => {
    @Injectable()
    class Outside {
      constructor(private readonly orders: Orders) {}

      @Retryable({ retryOn: () => true, backoff: { type: 'fixed', initialDelay: 0 }, budget: false })
      place(): Promise<unknown> {
        return this.orders.place(ORDER);
      }
    }
    const { get } = await applications.start({
      providers: [
        Orders,
        { provide: Outside, useFactory: (orders: Orders) => new Outside(orders), inject: [Orders] },
      ],
    });
    work = () => Promise.reject(new ConflictException());
    await outcomeOf(() => get(Orders).place(ORDER));

    const { error } = await outcomeOf(() => get(Outside).place());

    expect(retryInfo(error)).toMatchObject({ attempts: 1, reason: 'not-retryable' });
  });
});
