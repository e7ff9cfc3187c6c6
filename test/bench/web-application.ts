import 'reflect-metadata';
import { createRequire } from 'node:module';
import { type DynamicModule, type INestApplication, Module, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type IdempotencyStore, ResilienceModule } from 'nestjs-selfheal';
import { PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
import { type RedisClientLike, RedisIdempotencyStore } from 'nestjs-selfheal/redis';
import { loadPeer } from './peer-modules.js';
import {
  DecoratedStock,
  GuardedOrdersController,
  LimitedStock,
  ordersOf,
  Stock,
  StockController,
} from './web-controllers.js';
import { floorOf, type ScriptClient } from './web-floor.js';
import type { WebSettings } from './web-model.js';

type NodeRedisClient = RedisClientLike &
  ScriptClient & {
    connect(): Promise<unknown>;
    on(event: 'error', listener: () => void): unknown;
  };

/** The same library as the peer's, so that the store makes the difference. */
interface NodeRedis {
  createClient(options: object): NodeRedisClient;
}

/** What of Nest makes one kind of application. */
interface Parts {
  readonly imports: DynamicModule[];
  readonly controllers: Type[];
  readonly providers: Provider[];
}

/** An application that answers one kind of route. */
export async function webApplication(settings: WebSettings): Promise<INestApplication> {
  const parts = await partsOf(settings);

  @Module(parts)
  class WebModule {}
  const options = { logger: false } as const;
  return settings.platform === 'express'
    ? NestFactory.create(WebModule, options)
    : NestFactory.create(WebModule, new FastifyAdapter(), options);
}

async function partsOf(settings: WebSettings): Promise<Parts> {
  switch (settings.route) {
    case 'plain':
      return { imports: [], controllers: [StockController], providers: [Stock] };
    case 'decorated':
      return stockParts(DecoratedStock);
    case 'limited':
      return stockParts(LimitedStock);
    case 'unguarded':
      return { imports: [], controllers: [ordersOf()], providers: [] };
    case 'floor-redis': {
      const guard = await floorOf(await redisClient(settings.redisUrl));
      return { imports: [], controllers: [ordersOf([guard])], providers: [] };
    }
    case 'peer-memory':
      return peerParts({ adapter: 'memory' });
    case 'peer-redis':
      return peerParts({ adapter: 'redis', options: { url: settings.redisUrl } });
    default:
      return guardedParts(await storeOf(settings));
  }
}

function stockParts(useClass: Type): Parts {
  return {
    imports: [ResilienceModule.forRoot({ logger: false })],
    controllers: [StockController],
    providers: [{ provide: Stock, useClass }],
  };
}

function guardedParts(store: IdempotencyStore | 'memory'): Parts {
  // A machine that is busy with something else is no outage.
  const idempotency = { store, storeTimeout: '30s' } as const;
  return {
    imports: [ResilienceModule.forRoot({ logger: false, idempotency })],
    controllers: [GuardedOrdersController],
    providers: [],
  };
}

async function storeOf({ route, redisUrl, postgresUrl }: WebSettings): Promise<IdempotencyStore | 'memory'> {
  if (route === 'redis') return new RedisIdempotencyStore({ client: await redisClient(redisUrl) });
  return route === 'postgres' ? new PostgresIdempotencyStore({ connection: postgresUrl }) : 'memory';
}

async function redisClient(url: string): Promise<NodeRedisClient> {
  // The compiler would find the older one of the peers.
  const { createClient } = createRequire(import.meta.url)('redis') as NodeRedis;
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Its Nest module has a core of its own that knows no waiting: only its first requests are measured. */
async function peerParts(storage: { adapter: string; options?: object }): Promise<Parts> {
  const { Idempotent, NodeIdempotencyModule } = await loadPeer('@node-idempotency/nestjs');
  return {
    imports: [NodeIdempotencyModule.forRootAsync({ storage })],
    controllers: [ordersOf([Idempotent()])],
    providers: [],
  };
}
