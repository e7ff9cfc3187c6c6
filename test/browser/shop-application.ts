import 'reflect-metadata';
import type { Server } from 'node:http';
import { afterEach } from '@jest/globals';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ResilienceModule, type ResilienceRootOptions } from 'nestjs-selfheal';
import { ResilienceDashboardModule, type ResilienceDashboardOptions } from 'nestjs-selfheal/dashboard';
import { InventoryService, PaymentsService, ShippingService } from './shop.js';

/** What a shop is started with, beside its services. */
export interface ShopOptions {
  readonly page?: ResilienceDashboardOptions;
  readonly resilience?: ResilienceRootOptions;
  readonly providers?: readonly Type[];
  /** 0 takes any free port. */
  readonly port?: number;
}

/** A shop that runs on the clock of the machine. */
export class Shop {
  private constructor(
    readonly app: INestApplication<Server>,
    readonly address: string,
  ) {}

  static async open({
    page = {},
    resilience = {},
    providers = [],
    port = 0,
  }: ShopOptions = {}): Promise<Shop> {
    class ShopModule {}
    const module = {
      module: ShopModule,
      imports: [
        ResilienceModule.forRoot({ logger: false, ...resilience }),
        ResilienceDashboardModule.forRoot({ title: 'shop', ...page }),
      ],
      providers: [PaymentsService, InventoryService, ShippingService, ...providers],
    };
    const app = await NestFactory.create<INestApplication<Server>>(module, { logger: false });
    await app.listen(port, '127.0.0.1');
    const shop = new Shop(app, await app.getUrl());
    open.add(shop);
    return shop;
  }

  get page(): string {
    return `${this.address}/resilience`;
  }

  get port(): number {
    return Number(new URL(this.address).port);
  }

  get<T>(token: Type<T>): T {
    return this.app.get(token, { strict: false });
  }

  async close(): Promise<void> {
    open.delete(this);
    await this.app.close();
  }
}

const open = new Set<Shop>();

afterEach(async () => {
  await Promise.all([...open].map((shop) => shop.close()));
});
