import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { ConsoleLogger, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { childSettings, onStop, tellParent } from './demo/child.js';
import type { UpstreamUrls } from './http/upstream.client.js';

export type Mode = 'plain' | 'healing';

export interface AppSettings {
  readonly mode: Mode;
  /** 0 takes any free port. */
  readonly port: number;
  readonly urls: UpstreamUrls;
}

async function servicesOf(mode: Mode): Promise<Type> {
  if (mode === 'plain') return (await import('./plain.module.js')).PlainModule;
  return (await import('./healing.module.js')).HealingModule;
}

/** Takes any free port when the wanted one is taken; who asked compares the two. */
async function listen(app: INestApplication, port: number): Promise<number> {
  try {
    await app.listen(port, '127.0.0.1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await app.listen(0, '127.0.0.1');
  }
  return (app.getHttpServer().address() as AddressInfo).port;
}

const settings = childSettings<AppSettings>();
const app = await NestFactory.create(AppModule.with(await servicesOf(settings.mode), settings.urls), {
  logger: new ConsoleLogger({ logLevels: ['error', 'warn'] }),
  forceCloseConnections: true,
});
onStop(() => app.close());
tellParent({ kind: 'ready', port: await listen(app, settings.port) });
