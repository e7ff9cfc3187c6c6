import { beforeEach, describe, expect, it } from '@jest/globals';
import { ConflictException, HttpException, Injectable } from '@nestjs/common';
import { concat, firstValueFrom, map, Observable, of, Subject, take, tap, throwError, toArray } from 'rxjs';
import {
  Idempotent,
  IdempotencyInFlightError,
  IdempotencyMismatchError,
  IdempotencyReplayUnavailableError,
  IdempotencyService,
  type IdempotencyStore,
  MemoryIdempotencyStore,
} from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { Applications, outcomeOf, until } from '../../../support/nest-applications.js';
import { httpError } from '../../../support/retry-world.js';
import { allOf, feed, Feeds, heard, itemsOf, KILOBYTE, resetFeed } from './feeds.js';

const key = (id: string): string => id;

beforeEach(resetFeed);

describe('guarded streams', () => {
  const applications = new Applications();
  const start = (store?: IdempotencyStore, clock = new ManualClock()) =>
    applications.start({ providers: [Feeds] }, { clock, ...(store && { idempotency: { store } }) });

  it('ID-47: an Observable of three values is replayed as an Observable of the same three', async () => {
    const { get, events } = await start();
    feed.source = () => of({ at: new Date(0) }, new Map([[1, 2n]]), undefined);

    const first = await allOf(get(Feeds).watch('a'));
    const second = await allOf(get(Feeds).watch('a'));

    expect(second).toEqual(first);
    expect(second[0]).not.toBe(first[0]);
    expect(first).toEqual([{ at: new Date(0) }, new Map([[1, 2n]]), undefined, 'complete']);
    expect(feed.runs).toBe(1);
    expect(events.counts()).toEqual({ 'idempotency.executed': 1, 'idempotency.replayed': 1 });
    expect(feed.seen).toMatchObject([{ key: 'a', attempts: 1, recovered: false }]);
  });

  it('ID-47: an async generator of three values is replayed as an async iterable of the same three', async () => {
    const { get } = await start();

    const answers = [await itemsOf(get(Feeds).list('a')), await itemsOf(get(Feeds).list('a'))];

    expect(answers).toEqual([
      [1, 2, 3, 'complete'],
      [1, 2, 3, 'complete'],
    ]);
    expect([feed.runs, feed.left]).toEqual([1, 1]);
  });

  it.each(['Observable', 'async iterable'])(
    'ID-47: an error with a kept status ends the replay of an %s after the same values',
    async (kind) => {
      const { get, events } = await start();
      feed.source = () =>
        concat(
          of(1, 2),
          throwError(() => new ConflictException('taken')),
        );
      feed.iterate = async function* () {
        yield* [1, 2];
        throw new ConflictException('taken');
      };
      const ask = () =>
        kind === 'Observable' ? allOf(get(Feeds).watch('a')) : itemsOf(get(Feeds).list('a'));

      const [first, second] = [await ask(), await ask()];

      expect(first.slice(0, 2)).toEqual([1, 2]);
      expect(second.slice(0, 2)).toEqual([1, 2]);
      const [error, replayed] = [first[2], second[2]] as HttpException[];
      expect(replayed).not.toBe(error);
      expect(replayed).toBeInstanceOf(HttpException);
      expect(replayed?.getResponse()).toEqual(error?.getResponse());
      expect(feed.runs).toBe(1);
      expect(events.of('idempotency.replayed')).toMatchObject([{ outcome: 'error' }]);
    },
  );

  it('an error that is not kept releases the key after the values and the error were given', async () => {
    const { get, events } = await start();
    feed.source = () =>
      concat(
        of(feed.runs),
        throwError(() => httpError(503)),
      );

    const [first, second] = [await allOf(get(Feeds).watch('a')), await allOf(get(Feeds).watch('a'))];

    expect(first).toEqual([1, expect.objectContaining({ status: 503 })]);
    expect(second[0]).toBe(2);
    expect(events.of('idempotency.executed').map(({ recorded }) => recorded)).toEqual([
      'released',
      'released',
    ]);
  });

  it('ID-47: nothing begins before the subscription, or the first pull', async () => {
    const { get } = await start();

    const stream = get(Feeds).watch('a');
    const iteration = get(Feeds).list('b');
    await new Promise(setImmediate);
    const before = await get(IdempotencyService).inspect({ operation: 'Feeds.watch', key: 'a' });

    expect(feed.runs).toBe(0);
    expect(before).toBeUndefined();
    await allOf(stream);
    await iteration.next();
    expect(feed.runs).toBe(2);
  });

  it('each later subscription of one stream is a duplicate', async () => {
    const { get } = await start();
    const stream = get(Feeds).watch('a');

    expect(await allOf(stream)).toEqual([1, 2, 3, 'complete']);
    expect(await allOf(stream)).toEqual([1, 2, 3, 'complete']);
    expect(feed.runs).toBe(1);
  });

  it('sends no value before the outcome is recorded', async () => {
    const { get } = await start();
    const subject = new Subject<number>();
    feed.source = () => subject;
    const listener = heard(get(Feeds).watch('a'));
    await until(() => subject.observed);

    subject.next(1);
    await new Promise(setImmediate);
    const before = [...listener.told];
    subject.complete();
    await until(listener.ended);

    expect(before).toEqual([]);
    expect(listener.told).toEqual([1, 'complete']);
  });

  it('ID-47: past the limit the first subscriber goes on receiving, and a duplicate is told why not', async () => {
    const clock = new ManualClock();
    const { get, events } = await start(undefined, clock);
    const text = 'x'.repeat(100);
    feed.source = () => concat(of(...Array.from({ length: 20 }, (_, at) => `${at}${text}`)), subject);
    const subject = new Subject<string>();

    const listener = heard(get(Feeds).watch('a'));
    await until(() => listener.told.length === 20);
    subject.next('live');
    const duplicate = await allOf(get(Feeds).watch('a'));
    subject.next('still');

    expect(listener.told.slice(-2)).toEqual(['live', 'still']);
    expect(duplicate).toEqual([expect.any(IdempotencyReplayUnavailableError)]);
    expect(feed.runs).toBe(1);
    expect(events.of('idempotency.executed')).toMatchObject([{ recorded: 'tombstone' }]);
    listener.leave();
    expect(subject.observed).toBe(false);
  });

  it('ID-47: an endless interval passes the limit; nothing of it is left when its subscriber has gone', async () => {
    const clock = new ManualClock();
    const { get } = await start(undefined, clock);
    const ticks = new Subject<number>();
    let isLeft = false;
    feed.source = () =>
      ticks.pipe(
        map((tick) => ({ tick, text: 'x'.repeat(50) })),
        tap({ unsubscribe: () => (isLeft = true) }),
      );

    const listener = heard(get(Feeds).watch('a').pipe(take(30)));
    await until(() => ticks.observed);
    for (let tick = 0; tick < 40; tick += 1) {
      ticks.next(tick);
      await new Promise(setImmediate);
    }

    expect(listener.told).toHaveLength(31);
    expect(listener.told.slice(0, 30)).toEqual(
      Array.from({ length: 30 }, (_, tick) => ({ tick, text: 'x'.repeat(50) })),
    );
    expect(isLeft).toBe(true);
    expect(await allOf(get(Feeds).watch('a'))).toEqual([expect.any(IdempotencyReplayUnavailableError)]);
  });

  it('an endless iteration past the limit is pulled no faster than its consumer takes it', async () => {
    const { get } = await start();
    let made = 0;
    feed.iterate = async function* () {
      for (;;) yield `${(made += 1)}${'x'.repeat(100)}`;
    };

    const iteration = get(Feeds).list('a');
    for (let item = 0; item < 20; item += 1) expect((await iteration.next()).done).toBe(false);
    expect(made).toBe(20);
    await iteration.return(undefined);

    expect([feed.runs, feed.left]).toEqual([1, 1]);
    expect(await itemsOf(get(Feeds).list('a'))).toEqual([expect.any(IdempotencyReplayUnavailableError)]);
  });

  it('exactly the limit still fits', async () => {
    const { get } = await start();
    // A prefix of four bytes, one byte of the codec, two quotation marks.
    feed.source = () => of('x'.repeat(KILOBYTE - 7));

    await allOf(get(Feeds).watch('a'));
    expect(await allOf(get(Feeds).watch('a'))).toEqual(['x'.repeat(KILOBYTE - 7), 'complete']);

    feed.source = () => of('x'.repeat(KILOBYTE - 6));
    await allOf(get(Feeds).watch('b'));
    expect(await allOf(get(Feeds).watch('b'))).toEqual([expect.any(IdempotencyReplayUnavailableError)]);
  });

  it('a value that cannot be kept is given to the first subscriber, and makes a tombstone', async () => {
    const { get } = await start();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    feed.source = () => of(1, cycle, 2);

    const first = await allOf(get(Feeds).watch('a'));

    expect(first[1]).toBe(cycle);
    expect(first).toHaveLength(4);
    expect(await allOf(get(Feeds).watch('a'))).toEqual([expect.any(IdempotencyReplayUnavailableError)]);
  });

  it('a subscriber who leaves does not stop the work, and what it came to is replayed', async () => {
    const { get } = await start();
    const subject = new Subject<number>();
    feed.source = () => subject;
    const listener = heard(get(Feeds).share('a'));
    await until(() => subject.observed);

    listener.leave();
    expect(subject.observed).toBe(true);
    subject.next(7);
    subject.complete();

    expect(await allOf(get(Feeds).share('a'))).toEqual([7, 'complete']);
    expect(feed.runs).toBe(1);
  });

  it('a subscriber who has left before the limit is passed leaves nothing running', async () => {
    const { get } = await start();
    const subject = new Subject<string>();
    feed.source = () => subject;
    const listener = heard(get(Feeds).watch('a'));
    await until(() => subject.observed);

    listener.leave();
    subject.next('x'.repeat(KILOBYTE));

    await until(() => !subject.observed);
    expect(await allOf(get(Feeds).watch('a'))).toEqual([expect.any(IdempotencyReplayUnavailableError)]);
  });

  it('a consumer who leaves an iteration before its first item does not stop the work', async () => {
    const { get } = await start();
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    feed.iterate = async function* () {
      await gate;
      yield 7;
    };

    const iteration = get(Feeds).list('a');
    const pending = iteration.next();
    await until(() => feed.runs === 1);
    await iteration.return(undefined);
    goOn();

    expect(await pending).toEqual({ done: true, value: undefined });
    await until(() => feed.left === 1);
    expect(await itemsOf(get(Feeds).list('a'))).toEqual([7, 'complete']);
    expect(feed.runs).toBe(1);
  });

  it('a duplicate while it runs is in flight, or waits for its own copy', async () => {
    const { get } = await start();
    const subject = new Subject<object>();
    feed.source = () => subject;
    const first = heard(get(Feeds).watch('a'));
    const shared = [heard(get(Feeds).share('a')), heard(get(Feeds).share('a'))];
    await until(() => feed.runs === 2);

    const inFlight = await allOf(get(Feeds).watch('a'));
    subject.next({ a: 1 });
    subject.complete();
    await until(() => first.ended() && shared.every(({ ended }) => ended()));

    expect(inFlight).toEqual([expect.any(IdempotencyInFlightError)]);
    expect(shared.map(({ told }) => told)).toEqual([
      [{ a: 1 }, 'complete'],
      [{ a: 1 }, 'complete'],
    ]);
    expect(shared[0]?.told[0]).not.toBe(shared[1]?.told[0]);
  });

  it('keeps the first value for whoever takes only that', async () => {
    const { get } = await start();

    expect(await firstValueFrom(get(Feeds).watch('a'))).toBe(1);
    expect(await firstValueFrom(get(Feeds).watch('a').pipe(toArray()))).toEqual([1, 2, 3]);
    expect(feed.runs).toBe(1);
  });

  it('refuses another payload under the same key', async () => {
    @Injectable()
    class Orders {
      @Idempotent({ key: ({ id }: { readonly id: string }) => id })
      place({ amount }: { readonly id: string; readonly amount: number }): Observable<number> {
        return of(amount);
      }
    }
    const { get } = await applications.start({ providers: [Orders] });
    await allOf(get(Orders).place({ id: 'a', amount: 1 }));

    expect(await allOf(get(Orders).place({ id: 'a', amount: 2 }))).toEqual([
      expect.any(IdempotencyMismatchError),
    ]);
  });

  it('gives a stream to nobody who expects one value, after the method has changed', async () => {
    const clock = new ManualClock();
    const store = new MemoryIdempotencyStore({ clock });
    const { get } = await start(store, clock);
    await allOf(get(Feeds).watch('a'));
    @Injectable()
    class Later {
      @Idempotent({ key, operation: 'Feeds.watch' })
      async watch(id: string): Promise<string> {
        return id;
      }
    }
    const later = await applications.start({ providers: [Later] }, { clock, idempotency: { store } });

    const { error } = await outcomeOf(() => later.get(Later).watch('a'));

    expect(error).toBeInstanceOf(IdempotencyReplayUnavailableError);
  });
});
