import { beforeEach, describe, expect, it } from '@jest/globals';
import { ConflictException, HttpException } from '@nestjs/common';
import { NEVER, of, Subject, throwError } from 'rxjs';
import { IdempotencyService, type IdempotencyStore, MemoryIdempotencyStore } from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { closed, silenced } from '../../../support/idempotency-world.js';
import { Applications, until } from '../../../support/nest-applications.js';
import { httpError } from '../../../support/retry-world.js';
import { allOf, feed, Feeds, heard, resetFeed } from './feeds.js';

const ONE_LEASE = 31_000;

beforeEach(resetFeed);

describe('guarded streams among other rules', () => {
  const applications = new Applications();
  const start = (store?: IdempotencyStore, clock = new ManualClock()) =>
    applications.start({ providers: [Feeds] }, { clock, ...(store && { idempotency: { store } }) });

  it('ID-50: all attempts of a retry inside run under one claim', async () => {
    const { get, events } = await start();
    feed.source = () => (feed.runs < 3 ? throwError(() => httpError(503)) : of(feed.runs));

    expect(await allOf(get(Feeds).insist('a'))).toEqual([3, 'complete']);
    expect(await allOf(get(Feeds).insist('a'))).toEqual([3, 'complete']);
    expect(events.of('idempotency.executed')).toMatchObject([{ recorded: 'stored', attempts: 1 }]);
  });

  it('ID-53: a hedge inside runs under the same claim', async () => {
    const { get, clock, events } = await start();
    feed.source = () => (feed.runs === 1 ? NEVER : of('hedged'));

    const first = allOf(get(Feeds).race('a'));
    await clock.advance(20);

    expect(await first).toEqual(['hedged', 'complete']);
    expect(feed.seen.map((each) => [each?.key, each?.fence])).toEqual([
      ['a', '1'],
      ['a', '1'],
    ]);
    expect(await allOf(get(Feeds).race('a'))).toEqual(['hedged', 'complete']);
    expect(events.of('idempotency.executed')).toMatchObject([{ recorded: 'stored', attempts: 1 }]);
  });

  it('ID-51: a replayed error is not retried by a retry outside', async () => {
    const { get } = await start();
    feed.source = () => throwError(() => new ConflictException());
    await allOf(get(Feeds).watch('a'));
    feed.runs = 0;

    const first = await allOf(get(Feeds).repeat('a'));
    const second = await allOf(get(Feeds).repeat('a'));

    expect(first).toEqual([expect.any(HttpException)]);
    expect(second).toEqual([expect.any(HttpException)]);
    expect(feed.runs).toBe(1);
  });

  it('ID-53: the answer of a fallback is never recorded, wherever it stands', async () => {
    const { get } = await start();
    feed.source = () => throwError(() => new ConflictException('taken'));

    expect(await allOf(get(Feeds).degrade('a'))).toEqual(['degraded', 'complete']);
    expect(await allOf(get(Feeds).degrade('a'))).toEqual(['degraded', 'complete']);
    expect(feed.runs).toBe(1);
    expect(await allOf(get(Feeds).degradeInside('a'))).toEqual(['degraded', 'complete']);
    expect(await allOf(get(Feeds).degradeInside('a'))).toEqual([expect.any(HttpException)]);
    expect(feed.runs).toBe(2);
  });

  it('a time limit inside ends the work, and the key is free', async () => {
    const clock = new ManualClock();
    const { get } = await start(undefined, clock);
    const subject = new Subject<number>();
    feed.source = () => subject;

    const first = heard(get(Feeds).hurry('a'));
    await clock.settle();
    await clock.advance(100);
    await clock.settle();

    expect(first.told).toEqual([expect.objectContaining({ code: 'RESILIENCE_TIMEOUT_EXCEEDED' })]);
    expect(subject.observed).toBe(false);
    feed.source = () => of(2);
    expect(await allOf(get(Feeds).hurry('a'))).toEqual([2, 'complete']);
  });

  it('a replay takes no place of a bulkhead inside', async () => {
    const { get } = await start();
    await allOf(get(Feeds).crowd('a'));
    const subject = new Subject<number>();
    feed.source = () => subject;
    const holder = heard(get(Feeds).crowd('b'));
    await until(() => subject.observed);

    expect(await allOf(get(Feeds).crowd('a'))).toEqual([1, 2, 3, 'complete']);
    subject.complete();
    await until(holder.ended);
  });

  it('ID-64: what `alreadyDone` finds takes the place of the stream for a recovered key', async () => {
    const clock = new ManualClock();
    const store = new MemoryIdempotencyStore({ clock });
    const [dead, living] = [await start(silenced(store), clock), await start(store, clock)];
    const subject = new Subject();
    feed.source = () => subject;
    heard(dead.get(Feeds).recover('a'));
    await until(() => feed.runs === 1);
    await clock.advance(ONE_LEASE);

    feed.found = of('order', 'receipt');
    const answers = [
      await allOf(living.get(Feeds).recover('a')),
      await allOf(living.get(Feeds).recover('a')),
    ];

    expect(answers).toEqual([
      ['order', 'receipt', 'complete'],
      ['order', 'receipt', 'complete'],
    ]);
    expect(feed.runs).toBe(1);
    subject.complete();
    await closed(dead.app, clock);
  });

  it('an owner that was replaced ends, and its subscriber is told that another has the key', async () => {
    const clock = new ManualClock();
    const { get } = await start(undefined, clock);
    const subject = new Subject<number>();
    feed.source = () => subject;
    const listener = heard(get(Feeds).watch('a'));
    await until(() => subject.observed);

    await get(IdempotencyService).forget({ operation: 'Feeds.watch', key: 'a' });
    await clock.advance(ONE_LEASE);
    await until(listener.ended);
    feed.source = () => of(2);

    expect(subject.observed).toBe(false);
    expect(listener.told).toEqual([expect.objectContaining({ superseded: true })]);
    expect(await allOf(get(Feeds).watch('a'))).toEqual([2, 'complete']);
  });

  it('runs live where no key is required, and where the store is down and that was asked for', async () => {
    const clock = new ManualClock();
    const down = {
      ...silenced(new MemoryIdempotencyStore({ clock })),
      begin: () => Promise.reject(new Error('no')),
    };
    const { get } = await start(down, clock);
    const subject = new Subject<number>();
    feed.source = () => subject;

    const listeners = [heard(get(Feeds).optional()), heard(get(Feeds).daring('a'))];
    await until(() => feed.runs === 2);
    subject.next(1);

    expect(listeners.map(({ told }) => told)).toEqual([[1], [1]]);
    for (const { leave } of listeners) leave();
    expect(subject.observed).toBe(false);
  });
});
