import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import {
  CallContext,
  Idempotent,
  IdempotencyInFlightError,
  type IdempotencyStore,
  IdempotencyStoreError,
  ResilienceModule,
} from 'nestjs-selfheal';
import { PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
import { RedisIdempotencyStore } from 'nestjs-selfheal/redis';
import { Bookings, type Charge } from './bookings.js';
import { Door } from './door.js';
import { type Ending, Ledger, machineMs } from './ledger.js';
import { LoggedStore } from './logged-store.js';
import type { CallOrder, Order, RaceOrder, Report, WorkerSettings } from './orders.js';

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings;
const ledger = new Ledger(settings.ledger);
const callOf = new AsyncLocalStorage<CallOrder>();
/** Runs of this process: whoever gets another one's outcome was given a replay. */
const ownRuns = new Set<string>();
let bookings: Bookings | undefined;
const LONGEST_WAIT_MS = 60_000;
const NO_WORK = { beforeMs: 0, afterMs: 0 };

function say(report: Report): void {
  process.send?.(report);
}

const door = new Door(say);

class BusinessError extends Error {
  readonly status = 503;
}

@Injectable()
class Payments {
  @Idempotent({
    key: (order: CallOrder) => order.key,
    fingerprint: ({ args: [order] }) => (order as CallOrder).key,
    operation: 'payments.charge',
  })
  async charge(order: CallOrder, @CallContext() context?: CallContext): Promise<Charge> {
    const { key, beforeMs, fails } = order;
    if (!order.isAudit) say({ report: 'entered', key });
    if (beforeMs > 0) await wait(beforeMs);
    if (fails === true) throw new BusinessError('out of stock');
    const claim = context?.idempotency;
    const charge = bookings === undefined ? await write(order, claim) : await bookings.book(order, claim);
    ownRuns.add(charge.run);
    return charge;
  }
}

/** A row that no store knows of. */
async function write({ key, afterMs }: CallOrder, claim: CallContext['idempotency']): Promise<Charge> {
  const { fence = '', recovered = false } = claim ?? {};
  const run = randomUUID();
  ledger.append({ line: 'row', key, run, fence, recovered });
  if (afterMs > 0) await wait(afterMs);
  return { key, run };
}

function storeOf({ store, url, storeTimeoutMs }: WorkerSettings): IdempotencyStore {
  if (store === 'postgres') {
    const records = new PostgresIdempotencyStore({ connection: url, statementTimeout: storeTimeoutMs });
    if (settings.effect === 'transaction') {
      bookings = new Bookings({ store: records, url, before: (moment, key) => door.pass(moment, key) });
    }
    return records;
  }
  const retryStrategy = (times: number): number => Math.min(times * 20, 200);
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy });
  // It connects again by itself; calls meanwhile say that it is down.
  client.on('error', () => undefined);
  return new RedisIdempotencyStore({ client });
}

async function boot(): Promise<{ readonly payments: Payments; leave(): Promise<void> }> {
  const store = new LoggedStore({
    store: storeOf(settings),
    ledger,
    currentKey: () => callOf.getStore()?.key,
    before: (moment, key) => door.pass(moment, key),
    isInTransaction: (key) => bookings?.isOpen(key) ?? false,
  });
  const { leaseMs, storeTimeoutMs, onInFlight } = settings;
  @Module({
    imports: [
      ResilienceModule.forRoot({
        logger: false,
        idempotency: {
          store,
          lease: leaseMs,
          storeTimeout: storeTimeoutMs,
          onInFlight,
          maxWaitDuration: LONGEST_WAIT_MS,
        },
      }),
    ],
    providers: [Payments],
  })
  class WorkerModule {}
  const app = await NestFactory.createApplicationContext(WorkerModule, { logger: false });
  await untilReachable(store);
  return { payments: app.get(Payments), leave: () => app.close() };
}

async function untilReachable(store: IdempotencyStore): Promise<void> {
  for (;;) {
    try {
      return await store.ping({ signal: AbortSignal.timeout(settings.storeTimeoutMs) });
    } catch {
      await wait(20);
    }
  }
}

async function call(payments: Payments, order: CallOrder): Promise<{ ending: Ending; run?: string }> {
  const { key, isAudit = false } = order;
  const askedMs = machineMs();
  if (order.asksBefore !== undefined) door.close(key, order.asksBefore);
  const answer = await callOf.run(order, () => payments.charge(order)).then(told, refused);
  ledger.append({ line: 'answer', key, isAudit, askedMs, run: undefined, ...answer });
  return answer;
}

function told({ run }: Charge): { ending: Ending; run: string } {
  return { ending: ownRuns.has(run) ? 'own' : 'replay', run };
}

function refused(error: unknown): { ending: Ending; problem: string } {
  const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error instanceof IdempotencyInFlightError) {
    return { ending: error.superseded ? 'superseded' : 'in-flight', problem: '' };
  }
  if (error instanceof IdempotencyStoreError) return { ending: 'store-down', problem: '' };
  return { ending: error instanceof BusinessError ? 'business-error' : 'unexpected', problem };
}

async function race(payments: Payments, { id, keys, atOnce, isAudit = false }: RaceOrder): Promise<void> {
  const left = [...keys];
  const runner = async (): Promise<void> => {
    for (let key = left.shift(); key !== undefined; key = left.shift()) {
      await call(payments, { order: 'call', id, key, isAudit, ...NO_WORK });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
}

function listen(payments: Payments, leave: () => Promise<void>): void {
  process.on('message', (order: Order) => {
    if (order.order === 'go') door.go();
    if (order.order === 'leave') void leave().then(() => process.exit(0));
    if (order.order === 'race') {
      void race(payments, order).then(() => say({ report: 'raced', id: order.id }));
    }
    if (order.order === 'call') {
      void call(payments, order).then(({ ending, run }) => {
        say({ report: 'called', id: order.id, ending, ...(run !== undefined && { run }) });
      });
    }
  });
  process.on('disconnect', () => process.exit(0));
  say({ report: 'ready' });
}

void boot().then(({ payments, leave }) => listen(payments, leave));
