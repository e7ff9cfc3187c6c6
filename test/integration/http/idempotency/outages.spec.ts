import { describe, expect, it } from '@jest/globals';
import { Body, Controller, type PipeTransform, Post } from '@nestjs/common';
import {
  Idempotent,
  IdempotencyService,
  type IdempotencyStore,
  MemoryIdempotencyStore,
  type Outcome,
} from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { codeOf, Gate, open, PLATFORMS } from './shop.js';

const applications = new Applications();
let runs = 0;
let gate = new Gate();
let pipeGate = new Gate();
const judged: Outcome[] = [];

class SlowPipe implements PipeTransform {
  async transform(body: unknown): Promise<unknown> {
    await pipeGate.wait();
    return body;
  }
}

@Controller()
class Orders {
  @Idempotent({ scope: 'shared' })
  @Post('orders')
  async create(): Promise<object> {
    runs += 1;
    await gate.wait();
    return { run: runs };
  }

  @Idempotent({ scope: 'shared' })
  @Post('piped')
  async piped(@Body(new SlowPipe()) _body: unknown): Promise<object> {
    runs += 1;
    return { run: runs };
  }

  @Idempotent({ scope: 'shared', onStoreDown: 'run' })
  @Post('unguarded')
  async unguarded(): Promise<object> {
    runs += 1;
    return { run: runs };
  }

  @Idempotent({ scope: 'shared', final: (outcome) => judged.push(outcome) > 0 })
  @Post('judged')
  async judged(): Promise<object> {
    runs += 1;
    return { run: runs };
  }

  @Idempotent({ scope: 'shared', maxStoredBytes: 11 })
  @Post('exact')
  async exact(@Body() { text }: { readonly text: string }): Promise<object> {
    runs += 1;
    return { a: text };
  }
}

let isDown = true;

/** A store whose named operations reject while it is down. */
function failing(store: IdempotencyStore, ...names: string[]): IdempotencyStore {
  return new Proxy(store, {
    get: (target, name, receiver: unknown) => {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      if (isDown && names.includes(String(name))) return () => Promise.reject(new Error('the store is down'));
      return (...args: unknown[]): unknown => Reflect.apply(member, target, args);
    },
  });
}

describe.each(PLATFORMS)(`outages and ends on %s, Nest ${nestMajor}`, (platform) => {
  const openOrders = (store: IdempotencyStore = new MemoryIdempotencyStore()) => {
    isDown = true;
    runs = 0;
    judged.length = 0;
    gate = new Gate();
    pipeGate = new Gate();
    return open(applications, platform, { controllers: [Orders] }, { options: { idempotency: { store } } });
  };

  it('ID-26: answers 503 with Retry-After while the store is down, and runs nothing', async () => {
    const shop = await openOrders(failing(new MemoryIdempotencyStore(), 'begin'));

    const answer = await shop.send('/orders', { key: 'k' });

    expect([answer.status, codeOf(answer), runs]).toEqual([503, 'RESILIENCE_IDEMPOTENCY_STORE', 0]);
    expect([answer.headers['retry-after'], answer.headers['cache-control']]).toEqual(['1', 'no-store']);
  });

  it('ID-24: runs unguarded where that is asked for, and says so', async () => {
    const shop = await openOrders(failing(new MemoryIdempotencyStore(), 'begin'));

    const first = await shop.send('/unguarded', { key: 'k' });
    const second = await shop.send('/unguarded', { key: 'k' });

    expect([first.text, second.text]).toEqual(['{"run":1}', '{"run":2}']);
    expect([first.isReplay, second.isReplay]).toEqual([false, false]);
    expect(shop.events.of('idempotency.store-down')).toMatchObject([
      { phase: 'begin', ranUnguarded: true },
      { phase: 'begin', ranUnguarded: true },
    ]);
  });

  it('ID-25: gives the real answer where the store takes no outcome, and never runs again', async () => {
    const shop = await openOrders(failing(new MemoryIdempotencyStore(), 'complete'));
    gate.open();

    const first = await shop.send('/orders', { key: 'k' });
    const second = await shop.send('/orders', { key: 'k' });

    expect([first.status, first.text]).toEqual([201, '{"run":1}']);
    expect([second.text, second.isReplay, runs]).toEqual([first.text, true, 1]);
    isDown = false;
    await shop.app.get(ManualClock).advance(1_000);
    const name = { operation: 'Orders.create', key: 'k', scope: 'shared' };
    expect(await shop.app.get(IdempotencyService).inspect(name)).toMatchObject({ outcome: 'wire' });
  });

  it('ID-18: ends what runs, and answers 503 to what waits in a pipe, when the application closes', async () => {
    const store = new MemoryIdempotencyStore();
    const shop = await openOrders(store);

    const running = shop.send('/orders', { key: 'running' });
    const piped = shop.send('/piped', { key: 'piped', body: {} });
    await Promise.all([gate.reached, pipeGate.reached]);
    const closed = shop.app.close();
    setImmediate(() => {
      gate.open();
      pipeGate.open();
    });
    const answers = await Promise.all([running, piped]);
    await closed;

    expect(answers.map(({ status }) => status)).toEqual([201, 503]);
    expect(runs).toBe(1);
    expect(shop.events.of('idempotency.executed').map(({ recorded }) => recorded)).toEqual(
      expect.arrayContaining(['stored', 'released']),
    );
  });

  it('asks `final` with the status that was written and the value of the method', async () => {
    const shop = await openOrders();

    await shop.send('/judged', { key: 'k' });

    expect(judged).toEqual([{ kind: 'value', value: { run: 1 }, status: 201 }]);
  });

  it('keeps a body of exactly the limit, and leaves a tombstone for one byte more', async () => {
    const shop = await openOrders();
    const twice = async (text: string) => {
      const sending = { key: text, body: { text } };
      return [await shop.send('/exact', sending), await shop.send('/exact', sending)];
    };

    const fits = await twice('xyz');
    const tooLarge = await twice('wxyz');

    expect(fits.map(({ status, text }) => [status, text])).toEqual([
      [201, '{"a":"xyz"}'],
      [201, '{"a":"xyz"}'],
    ]);
    expect(tooLarge.map(({ status }) => status)).toEqual([201, 409]);
    expect(runs).toBe(2);
  });
});
