import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Idempotent, IdempotencyStoreError, MemoryIdempotencyStore } from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { Gate } from '../../../support/idempotency-world.js';
import { Applications, outcomeOf, until } from '../../../support/nest-applications.js';

let runs = 0;
let gate = new Gate<string>();

beforeEach(() => {
  runs = 0;
  gate = new Gate<string>();
});

@Injectable()
class Orders {
  @Idempotent({ key: (id: string) => id })
  place(id: string): Promise<string> {
    runs += 1;
    return gate.promise.then((text) => `${text} ${id}`);
  }
}

describe('shutdown with guarded calls', () => {
  const applications = new Applications();

  it('ID-18: running calls end and are recorded, no new claim begins, no timer is left', async () => {
    const clock = new ManualClock();
    const store = new MemoryIdempotencyStore({ clock });
    const start = () => applications.start({ providers: [Orders] }, { clock, idempotency: { store } });
    const closing = await start();
    const calls = ['a', 'b', 'c'].map((id) => closing.get(Orders).place(id));
    await until(() => runs === 3);

    const closed = closing.app.close();
    await clock.settle();
    const late = await outcomeOf(() => closing.get(Orders).place('d'));
    gate.open('placed');
    await closed;

    expect(await Promise.all(calls)).toEqual(['placed a', 'placed b', 'placed c']);
    expect(late.error).toBeInstanceOf(IdempotencyStoreError);
    expect(runs).toBe(3);
    expect(clock.allTimers).toBe(0);
    const next = await start();
    expect(await next.get(Orders).place('a')).toBe('placed a');
    expect(runs).toBe(3);
  });

  it('closes a store that was opened by itself, once its records are written', async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    class Closing extends MemoryIdempotencyStore {
      override complete(...args: Parameters<MemoryIdempotencyStore['complete']>) {
        told.push('complete');
        return super.complete(...args);
      }

      async close(): Promise<void> {
        told.push('close');
      }
    }
    const store = new Closing({ clock });
    const { get, app } = await applications.start({ providers: [Orders] }, { clock, idempotency: { store } });

    const call = get(Orders).place('a');
    await until(() => runs === 1);
    const closed = app.close();
    gate.open('placed');
    await closed;

    expect(await call).toBe('placed a');
    expect(told).toEqual(['complete', 'close']);
  });
});
