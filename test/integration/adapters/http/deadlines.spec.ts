import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, type INestApplication, Injectable, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { NestFactory } from '@nestjs/core';
import axios from 'axios';
import { CallContext, ResilienceModule, Retryable } from 'nestjs-selfheal';
import {
  attachResilience,
  DEADLINE_OPTIONS,
  DeadlineInterceptor,
  resilientFetch,
} from 'nestjs-selfheal/http';
import { AT_ONCE, policiesOf, serverOf } from './world.js';

describe('outgoing requests', () => {
  it('S7: carry the time that is left, S8: and that they are a retry', async () => {
    const server = await serverOf(503, 503, 200);
    const { policies } = policiesOf();
    const timeLimiter = { totalTimeout: '10s' } as const;

    await resilientFetch(policies, { retry: AT_ONCE, timeLimiter })(server.url);

    const left = server.sent('x-request-timeout-ms').map(Number);
    expect(left.every((each, index) => each > 5000 && each <= (left[index - 1] ?? 10_000))).toBe(true);
    expect(server.sent('x-retry-attempt')).toEqual([undefined, '2', '3']);
  });

  it('S7: the same with axios, whose `timeout` is a limit too', async () => {
    const server = await serverOf(503, 200);
    const client = axios.create({ timeout: 4000 });
    attachResilience(client, policiesOf().policies, { retry: AT_ONCE });

    await client.get(server.url);

    expect(server.sent('x-request-timeout-ms')).toEqual(['4000', '4000']);
    expect(server.sent('x-retry-attempt')).toEqual([undefined, '2']);
  });

  it('S7: carry the deadline of the call around them, when that is nearer', async () => {
    const server = await serverOf(200);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, { timeLimiter: '20s' });
    const outer = policies.guard('outer', { timeLimiter: '5s' });

    await outer(() => send(server.url));

    expect(Number(server.sent('x-request-timeout-ms')[0])).toBeLessThanOrEqual(5000);
  });

  it('tell only who is to be told, by the names that were given', async () => {
    const server = await serverOf(503, 200, 503, 200);
    const { policies } = policiesOf();
    const both = { retry: AT_ONCE, timeLimiter: '5s' } as const;

    await resilientFetch(policies, { ...both, tellHosts: ['payments.example'] })(server.url);
    await resilientFetch(policies, { ...both, deadlineHeader: false, retryHeader: 'X-Try' })(server.url);
    const tellHosts = (): boolean => {
      throw new Error('predicate');
    };
    await resilientFetch(policies, { ...both, tellHosts })(server.url);

    expect(server.sent('x-request-timeout-ms')).toEqual(Array(5).fill(undefined));
    expect(server.sent('x-retry-attempt')).toEqual(Array(5).fill(undefined));
    expect(server.sent('x-try')).toEqual([undefined, undefined, undefined, '2', undefined]);
  });
});

@Injectable()
class Stock {
  readonly seen: (number | undefined)[] = [];
  aborted: Promise<unknown> | undefined;

  @Retryable({
    maxAttempts: 5,
    backoff: { type: 'fixed', initialDelay: '30s', maxDelay: '30s', jitter: 'none' },
  })
  async count(@CallContext() call?: CallContext): Promise<number> {
    this.seen.push(call?.remainingMs);
    throw new Error('busy');
  }

  /** What the first request of all has begun, and no request waits for. */
  polling: Promise<string> | undefined;

  @Retryable({ maxAttempts: 1 })
  async poll(): Promise<string> {
    return 'polled';
  }

  @Retryable({ maxAttempts: 1 })
  async slow(@CallContext() call?: CallContext): Promise<string> {
    await new Promise((resolve) => call?.signal.addEventListener('abort', resolve));
    return 'told';
  }
}

@Controller()
class StockController {
  constructor(private readonly stock: Stock) {}

  @Get('count')
  count(): Promise<number> {
    return this.stock.count();
  }

  @Get('begin')
  begin(): string {
    this.stock.polling = sleep(80).then(() => this.stock.poll());
    return 'begun';
  }

  @Get('slow')
  slow(): Promise<string> {
    return this.stock.slow();
  }
}

let app: INestApplication | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function shop(options: object = {}) {
  @Module({
    imports: [ResilienceModule.forRoot({ logger: false })],
    controllers: [StockController],
    providers: [
      Stock,
      { provide: APP_INTERCEPTOR, useClass: DeadlineInterceptor },
      { provide: DEADLINE_OPTIONS, useValue: options },
    ],
  })
  class ShopModule {}
  app = await NestFactory.create(ShopModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const get = (path: string, headers: Record<string, string>) => fetch(`${url}/${path}`, { headers });
  return { stock: app.get(Stock), get };
}

describe('DeadlineInterceptor', () => {
  it('binds nothing that its request has begun and left behind: what goes on after the answer is not refused', async () => {
    const { stock, get } = await shop();

    const response = await get('begin', { 'X-Request-Timeout-Ms': '50' });

    expect(response.status).toBe(200);
    expect(await stock.polling).toBe('polled');
  });

  it('S7: makes the header the deadline of the decorated calls: no delay is begun that would reach it', async () => {
    const { stock, get } = await shop();

    const response = await get('count', { 'X-Request-Timeout-Ms': '5000' });

    expect(response.status).toBe(500);
    expect(stock.seen).toEqual([expect.any(Number)]);
    expect(stock.seen[0]).toBeLessThanOrEqual(5000);
  });

  it('S7: lets no decorated call begin after the deadline', async () => {
    const { stock, get } = await shop();

    const response = await get('count', { 'X-Request-Timeout-Ms': '0' });

    expect(response.status).toBe(504);
    expect(stock.seen).toEqual([]);
  });

  it('tells what runs, by its signal, that nobody waits any more', async () => {
    const { get } = await shop();

    const response = await get('slow', { 'X-Request-Timeout-Ms': '500' });

    expect(await response.text()).toBe('told');
  });

  it.each(['-5', '1e3', '0x10', '1.5', 'soon', '', '9'.repeat(30), '5000, 6000', 'NaN', '999999999999'])(
    'ignores the header %j',
    async (value) => {
      const { stock, get } = await shop();

      const slow = get('count', { 'X-Request-Timeout-Ms': value }).catch(() => undefined);
      while (stock.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(stock.seen).toEqual([undefined]);

      await app?.close();
      await slow;
    },
  );

  it('takes another header, from whom it trusts alone', async () => {
    const isTrusted = (request: { headers: Record<string, string> }) => request.headers['x-token'] === 'ours';
    const { stock, get } = await shop({ header: 'X-Left', isTrusted });

    expect((await get('count', { 'X-Left': '0', 'X-Token': 'ours' })).status).toBe(504);
    const stranger = get('count', { 'X-Left': '0' }).catch(() => undefined);
    while (stock.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));

    expect(stock.seen).toEqual([undefined]);
    await app?.close();
    await stranger;
  });
});
