import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConflictException, Injectable, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Idempotent, IdempotencyReplayUnavailableError, ResilienceModule } from 'nestjs-selfheal';
import { concat, lastValueFrom, materialize, Observable, of, throwError, toArray } from 'rxjs';
import { PATIENCE, type SharedStores, STORES } from '../support/servers/shared-stores.js';

const LONG_TEST_MS = 120_000;
let runs = 0;

@Injectable()
class Feeds {
  @Idempotent({ key: (id: string) => id })
  watch(_id: string): Observable<unknown> {
    runs += 1;
    const values = of({ at: new Date(runs) }, 2n, Buffer.from([0, 255]));
    return concat(
      values,
      throwError(() => new ConflictException('taken')),
    );
  }

  @Idempotent({ key: (id: string) => id, maxStoredBytes: 64 })
  async *list(_id: string, length: number): AsyncGenerator<string> {
    runs += 1;
    for (let item = 0; item < length; item += 1) yield `item ${item}`;
  }
}

describe.each(STORES)('guarded streams on the $name store', ({ name, start }) => {
  let stores: SharedStores;
  const apps: INestApplicationContext[] = [];
  const keyOf = (text: string): string => `${name}-${process.pid}-${Date.now()}-${text}`;

  beforeAll(async () => {
    stores = await start();
    for (let replica = 0; replica < 2; replica += 1) {
      const idempotency = { store: await stores.open(), storeTimeout: PATIENCE } as const;
      const module = { ...ResilienceModule.forRoot({ logger: false, idempotency }) };
      const providers = [...(module.providers ?? []), Feeds];
      apps.push(await NestFactory.createApplicationContext({ ...module, providers }, { logger: false }));
    }
  }, LONG_TEST_MS);

  afterAll(async () => {
    for (const app of apps) await app.close();
    await stores.close();
  });

  const feeds = (): readonly Feeds[] => apps.map((app) => app.get(Feeds));

  it('ID-47: another process replays the values and the ending', async () => {
    runs = 0;
    const key = keyOf('watch');

    const told: unknown[] = [];
    for (const each of feeds())
      told.push(await lastValueFrom(each.watch(key).pipe(materialize(), toArray())));

    expect(told[1]).toEqual(told[0]);
    expect(told[0]).toMatchObject([
      { kind: 'N', value: { at: new Date(1) } },
      { kind: 'N', value: 2n },
      { kind: 'N', value: Buffer.from([0, 255]) },
      { kind: 'E', error: { message: 'taken' } },
    ]);
    expect(runs).toBe(1);
  });

  it('ID-47: what outgrows the limit is a tombstone there', async () => {
    runs = 0;
    const key = keyOf('list');
    const [here, there] = feeds();
    const items = [];

    for await (const item of here?.list(key, 100) ?? []) items.push(item);
    const duplicate = there?.list(key, 100).next();

    await expect(duplicate).rejects.toBeInstanceOf(IdempotencyReplayUnavailableError);
    expect(items).toHaveLength(100);
    expect(runs).toBe(1);
  });
});
