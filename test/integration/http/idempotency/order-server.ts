// A process of its own: two-processes.spec.ts compiles and starts it, more than once over one Redis.
import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Body, Controller, Get, Headers, Module, type PipeTransform, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Redis } from 'ioredis';
import { CallContext, Idempotent, ResilienceModule } from 'nestjs-selfheal';
import { RedisIdempotencyStore } from 'nestjs-selfheal/redis';

/** What such a process is told. */
export interface OrderServerSettings {
  readonly platform: 'Express' | 'Fastify';
  readonly port: number;
  readonly redisUrl: string;
  /** Before the name of everything that it keeps. */
  readonly namespace: string;
}

interface Order {
  readonly blockUntil?: string;
}

const WORK_MS = 200;
const GIVES_UP_MS = 30_000;
const KEY = 'idempotency-key';
const settings = JSON.parse(process.env['ORDER_SERVER'] ?? '{}') as OrderServerSettings;
const client = new Redis(settings.redisUrl, { enableOfflineQueue: false, lazyConnect: true });
const notes = new Redis(settings.redisUrl);

const noteOf = (name: string): string => `${settings.namespace}:${name}`;
/** Counts outside of all processes. */
const ran = (key: string): Promise<number> => notes.incr(noteOf(`runs:${key}`));

async function work(key: string): Promise<object> {
  const run = await ran(key);
  await wait(WORK_MS);
  return { run, of: process.pid };
}

async function gateOpens(name: string): Promise<void> {
  const endMs = performance.now() + GIVES_UP_MS;
  while ((await notes.exists(noteOf(`gate:${name}`))) === 0) {
    if (performance.now() > endMs) throw new Error(`nobody opened ${name}`);
    await wait(5);
  }
}

/** As code that never yields; nothing else of this process happens meanwhile. */
function block(untilThereIs: string): void {
  const endMs = performance.now() + GIVES_UP_MS;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(untilThereIs) && performance.now() < endMs) Atomics.wait(sleeper, 0, 0, 5);
}

class SlowPipe implements PipeTransform {
  async transform(body: unknown): Promise<unknown> {
    await notes.incr(noteOf('piped'));
    await gateOpens('pipe');
    return body;
  }
}

@Controller()
class Orders {
  @Get('pid')
  pid(): string {
    return String(process.pid);
  }

  @Idempotent({ scope: 'shared', lease: '10s' })
  @Post('refusing')
  refusing(@Headers(KEY) key: string): Promise<object> {
    return work(key);
  }

  @Idempotent({ scope: 'shared', lease: '10s', onInFlight: 'wait' })
  @Post('waiting')
  waiting(@Headers(KEY) key: string): Promise<object> {
    return work(key);
  }

  @Idempotent({ scope: 'shared', lease: '500ms', onInFlight: 'wait', maxWaitDuration: '30s' })
  @Post('gated')
  async gated(@Headers(KEY) key: string): Promise<object> {
    const run = await ran(key);
    await gateOpens(`${key}:${run}`);
    return { run, of: process.pid };
  }

  @Idempotent({ scope: 'shared', lease: '300ms', onInFlight: 'wait', maxWaitDuration: '30s' })
  @Post('blocked')
  async blocked(
    @Headers(KEY) key: string,
    @Body() { blockUntil = '' }: Order,
    @CallContext() call?: CallContext,
  ): Promise<object> {
    const run = await ran(key);
    if (run === 1) {
      block(blockUntil);
      // Real time of real processes: a moment at which the process hears nothing is the point.
      await Promise.race([aborted(call?.signal), wait(GIVES_UP_MS, undefined, { ref: false })]);
      await notes.set(noteOf(`aborted:${key}`), String(call?.signal.aborted));
    }
    return { run, of: process.pid };
  }

  @Idempotent({ scope: 'shared' })
  @Post('piped')
  async piped(@Headers(KEY) key: string, @Body(SlowPipe) _order: Order): Promise<object> {
    return { run: await ran(key), of: process.pid };
  }

  async beforeApplicationShutdown(): Promise<void> {
    // All hooks of the phase before have run: no claim begins any more.
    await notes.set(noteOf('closing'), '1');
  }
}

function aborted(signal: AbortSignal | undefined): Promise<unknown> {
  return new Promise((resolve) => signal?.addEventListener('abort', resolve));
}

await client.connect();
const store = new RedisIdempotencyStore({ client, namespace: settings.namespace });
@Module({
  imports: [
    ResilienceModule.forRoot({
      logger: false,
      idempotency: { store, storeTimeout: '20s' },
    }),
  ],
  controllers: [Orders],
})
class OrderModule {}
const quiet = { logger: false } as const;
const app =
  settings.platform === 'Express'
    ? await NestFactory.create(OrderModule, new ExpressAdapter(), quiet)
    : await NestFactory.create<NestFastifyApplication>(OrderModule, new FastifyAdapter(), quiet);
await app.listen(settings.port, '127.0.0.1');
process.once('SIGTERM', () => {
  // What is left keeps the process alive, and so shows.
  void app.close().then(() => Promise.all([client.quit(), notes.quit()]));
});
