import 'reflect-metadata';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpModule, HttpService } from '@nestjs/axios';
import { describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import axios from 'axios';
import { ResilienceModule, ResilienceService } from 'nestjs-selfheal';
import { CircuitBreakerOpenError, retryInfo, TimeoutExceededError } from 'nestjs-selfheal/core';
import { attachResilience } from 'nestjs-selfheal/http';
import { ManualClock } from 'nestjs-selfheal/testing';
import { firstValueFrom } from 'rxjs';
import { AT_ONCE, failureOf, nextOf, policiesOf, serverOf } from './world.js';

/** Of a package of its own, or of another realm: no instance of the global class. */
class PolyfilledSignal extends EventTarget {
  aborted = false;
  onabort: (() => void) | null = null;

  abort(): void {
    this.aborted = true;
    this.dispatchEvent(new Event('abort'));
  }
}

describe('attachResilience', () => {
  it('gives the answer of the first attempt that is no failure', async () => {
    const server = await serverOf(503, 'reset', { status: 200, body: '{"ok":true}' });
    const client = axios.create({ baseURL: server.url });
    attachResilience(client, policiesOf().policies, { retry: AT_ONCE });

    const { data, config } = await client.get('/stock', { params: { id: 1 } });

    expect(data).toEqual({ ok: true });
    expect(server.requests.map(({ url }) => url)).toEqual(['/stock?id=1', '/stock?id=1', '/stock?id=1']);
    expect(config.adapter).toEqual(client.defaults.adapter);
    expect(config.transformResponse).toEqual(client.defaults.transformResponse);
  });

  it("gives axios's own last error, with the caller's configuration", async () => {
    const server = await serverOf({ status: 500, body: '{"why":"full"}' });
    const client = axios.create();
    attachResilience(client, policiesOf().policies, { retry: AT_ONCE });

    const error = await failureOf(client.put(server.url, { a: 1 }));

    expect(axios.isAxiosError(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'ERR_BAD_RESPONSE',
      response: { status: 500, data: { why: 'full' } },
    });
    expect(retryInfo(error)).toMatchObject({ attempts: 3, reason: 'exhausted' });
    expect((error as { config: { adapter: unknown } }).config.adapter).toEqual(client.defaults.adapter);
  });

  it('serialises data once, and sends the same bytes each time', async () => {
    const server = await serverOf(503, 503, 200);
    const client = axios.create();
    let transformed = 0;
    attachResilience(client, policiesOf().policies, { retry: AT_ONCE });

    await client.put(server.url, 'text', {
      headers: { 'Content-Type': 'text/plain' },
      transformRequest: (data: string) => `${data}${(transformed += 1)}`,
    });

    expect(server.bodies).toEqual(['text1', 'text1', 'text1']);
  });

  it('transforms each answer once, before the retry looks at it', async () => {
    const server = await serverOf(
      { status: 200, body: '{"state":"busy"}' },
      { status: 200, body: '"\\"x\\""' },
    );
    const client = axios.create();
    attachResilience(client, policiesOf().policies, {
      retry: {
        ...AT_ONCE,
        retryOnResult: (response) => (response as { data: { state?: string } }).data.state === 'busy',
      },
    });

    const { data } = await client.get(server.url);

    expect(data).toBe('"x"');
  });

  it('lets a request say otherwise', async () => {
    const server = await serverOf(503);
    const client = axios.create();
    attachResilience(client, policiesOf().policies, { retry: { ...AT_ONCE, maxAttempts: 2 } });

    await failureOf(client.get(server.url, { resilience: false }));
    expect(server.requests).toHaveLength(1);

    await failureOf(client.get(server.url, { resilience: { maxAttempts: 4 } }));
    expect(server.requests).toHaveLength(5);
  });

  it('leaves requests alone after detach', async () => {
    const server = await serverOf(503);
    const client = axios.create();
    const { detach } = attachResilience(client, policiesOf().policies, { retry: AT_ONCE });

    detach();
    await failureOf(client.get(server.url));

    expect(server.requests).toHaveLength(1);
  });

  it('runs an error that an interceptor sends again under the policies once', async () => {
    const server = await serverOf(401, 503, 200);
    const client = axios.create();
    attachResilience(client, policiesOf().policies, { retry: AT_ONCE });
    client.interceptors.response.use(null, (error: { response: { status: number }; config: object }) =>
      error.response.status === 401 ? client.request(error.config) : Promise.reject(error),
    );

    const { status } = await client.put(server.url, { a: 1 });

    expect(status).toBe(200);
    expect(server.bodies).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
  });

  it('runs through an adapter of its own, where there is one', async () => {
    const statuses = [503, 200];
    const adapter = async (config: object) => ({
      data: '',
      status: statuses.shift() ?? 0,
      headers: {},
      config,
    });
    const client = axios.create({ adapter: adapter as never });
    const retryOnResult = (response: unknown) => (response as { status: number }).status === 503;
    attachResilience(client, policiesOf().policies, { retry: { ...AT_ONCE, retryOnResult } });

    const { status } = await client.get('/');

    expect(status).toBe(200);
  });

  it('keeps `timeout` as the limit of one attempt, and an attempt limit as another', async () => {
    const server = await serverOf('silence', 200, 'silence', 200);
    const clock = new ManualClock();
    const client = axios.create();
    attachResilience(client, policiesOf({ clock }).policies, { retry: AT_ONCE, timeLimiter: '40ms' });

    expect((await client.get(server.url, { timeout: 500 })).status).toBe(200);

    const call = client.get(server.url);
    await server.arrived(3);
    await clock.advance(40);
    expect((await call).status).toBe(200);
  });

  it('RT-51: sends a POST once, whatever fails, unless it has a key', async () => {
    const server = await serverOf(503, 'reset', 'silence', 503, 200);
    const clock = new ManualClock();
    const { policies } = policiesOf({ clock });
    const client = axios.create();
    const keyed = axios.create();
    attachResilience(client, policies, { retry: AT_ONCE, timeLimiter: '30ms' });
    attachResilience(keyed, policies, { retry: AT_ONCE, idempotencyKey: true });

    expect(await failureOf(client.post(server.url))).toMatchObject({ response: { status: 503 } });
    expect(await failureOf(client.post(server.url))).toMatchObject({ code: 'ECONNRESET' });
    const silent = failureOf(client.post(server.url));
    await server.arrived(3);
    await clock.advance(30);
    expect(await silent).toBeInstanceOf(TimeoutExceededError);
    expect(server.requests).toHaveLength(3);

    expect((await keyed.post(server.url, 'x')).status).toBe(200);
    const [, , , fourth, fifth] = server.sent('idempotency-key');
    expect(fourth).toMatch(/^[0-9a-f-]{36}$/);
    expect(fifth).toBe(fourth);
  });

  it('lets no outer retry repeat a POST under another key that was made for it here', async () => {
    const server = await serverOf(503, 503, 503, 200);
    const { policies } = policiesOf();
    const client = axios.create();
    attachResilience(client, policies, { retry: { ...AT_ONCE, maxAttempts: 2 }, idempotencyKey: true });
    const outer = policies.guard('outer', { retry: AT_ONCE });

    await failureOf(outer(() => client.post(server.url)));

    const keys = server.sent('idempotency-key');
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });

  it('lets no outer retry do so because of an answer either, or of an error that is made of one', async () => {
    const server = await serverOf(200);
    const { policies } = policiesOf();
    const client = axios.create();
    attachResilience(client, policies, { retry: AT_ONCE, idempotencyKey: true });
    const judging = policies.guard('judging', { retry: { ...AT_ONCE, retryOnResult: () => true } });
    const throwing = policies.guard('throwing', { retry: AT_ONCE });

    await judging(() => client.post(server.url));
    expect(server.requests).toHaveLength(1);

    const refused = throwing(async () => {
      throw new Error('not what was asked for', { cause: await client.post(server.url) });
    });
    await failureOf(refused);
    expect(server.requests).toHaveLength(2);
  });

  it('sends a stream once, and what a function makes each time', async () => {
    const server = await serverOf(503);
    const client = axios.create();
    attachResilience(client, policiesOf().policies, { retry: { ...AT_ONCE, maxAttempts: 2 } });

    await failureOf(client.put(server.url, Readable.from(['hello']), { maxRedirects: 0 }));
    expect(server.bodies).toEqual(['hello']);

    await failureOf(client.put(server.url, () => Readable.from(['hello']), { maxRedirects: 0 }));
    expect(server.bodies).toEqual(['hello', 'hello', 'hello']);
  });

  it('never hedges what is read only once: a hedge would send what is left of it as if it were the whole', async () => {
    const server = await serverOf(200);
    const client = axios.create();
    attachResilience(client, policiesOf().policies, { retry: false, hedge: { delay: 20, budget: false } });
    async function* parts(): AsyncGenerator<string> {
      yield 'first, ';
      await sleep(100);
      yield 'second';
    }

    await client.put(server.url, Readable.from(parts()));

    expect(server.bodies).toEqual(['first, second']);
  });

  it('lets go of a stream that it abandons before the next attempt', async () => {
    const server = await serverOf({ status: 503, body: 'x'.repeat(1_000_000) }, 200);
    const client = axios.create({ responseType: 'stream' });
    const abandoned: Readable[] = [];
    attachResilience(client, policiesOf().policies, {
      retry: {
        ...AT_ONCE,
        onRetry: ({ error }) => abandoned.push((error as { response: { data: Readable } }).response.data),
      },
    });

    const { data } = await client.get<Readable>(server.url);

    expect(abandoned.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect(data.destroyed).toBe(false);
    data.destroy();
  });

  it('ends the wait where the caller leaves, with the error that axios users know', async () => {
    const server = await serverOf(503);
    const clock = new ManualClock();
    const { policies, events } = policiesOf({ clock });
    const client = axios.create();
    attachResilience(client, policies);
    const controller = new AbortController();
    const source = axios.CancelToken.source();
    const polyfill = new PolyfilledSignal();

    for (const [options, leave] of [
      [{ signal: controller.signal }, () => controller.abort()],
      [{ cancelToken: source.token }, () => source.cancel('left')],
      [{ signal: polyfill }, () => polyfill.abort()],
    ] as const) {
      const scheduled = nextOf(policies, 'retry.scheduled');
      const call = client.get(server.url, options);
      await scheduled;
      leave();
      expect(axios.isCancel(await failureOf(call))).toBe(true);
    }

    expect(axios.isCancel(await failureOf(client.get(server.url, { signal: polyfill })))).toBe(true);
    expect(server.requests).toHaveLength(3);
    expect(events.of('retry.gave-up').map(({ reason }) => reason)).toEqual(Array(3).fill('aborted'));
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('attachResilience on HttpService', () => {
  async function shop() {
    // Of its own: `register` makes the axios instance at once.
    @Module({
      imports: [
        HttpModule.register({ timeout: 1000 }),
        ResilienceModule.forRoot({ logger: false, circuitBreakers: { stock: { failureThreshold: 2 } } }),
      ],
    })
    class ShopModule {}
    const app = await NestFactory.createApplicationContext(ShopModule, { logger: false });
    return { app, http: app.get(HttpService), service: app.get(ResilienceService) };
  }

  it('runs Observables under the policies of the application', async () => {
    const server = await serverOf(503, 200);
    const { app, http, service } = await shop();
    attachResilience(http.axiosRef, service, { retry: AT_ONCE });

    const { status } = await firstValueFrom(http.get(server.url));

    expect(status).toBe(200);
    expect(server.requests).toHaveLength(2);
    await app.close();
  });

  it('shares a breaker of the module by its name', async () => {
    const server = await serverOf(503);
    const { app, http, service } = await shop();
    attachResilience(http.axiosRef, service, { retry: false, circuitBreaker: 'stock' });

    await failureOf(firstValueFrom(http.get(server.url)));
    await failureOf(firstValueFrom(http.get(server.url)));

    expect(await failureOf(firstValueFrom(http.get(server.url)))).toBeInstanceOf(CircuitBreakerOpenError);
    await app.close();
  });

  it('stops everything when the subscriber leaves', async () => {
    const server = await serverOf('silence');
    const { app, http, service } = await shop();
    attachResilience(http.axiosRef, service, { retry: AT_ONCE });

    const subscription = http.get(server.url).subscribe({ error: () => undefined });
    await server.arrived(1);
    const [socket] = server.sockets;
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    subscription.unsubscribe();
    await closed;

    expect(server.requests).toHaveLength(1);
    await app.close();
  });
});
