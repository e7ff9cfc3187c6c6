import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { CheckoutController } from './checkout/checkout.controller.js';
import { CheckoutService } from './checkout/checkout.service.js';
import { UpstreamErrorFilter } from './http/upstream-error.filter.js';
import { UpstreamUrlsModule } from './http/upstream-urls.module.js';
import type { UpstreamUrls } from './http/upstream.client.js';
import { StatsController } from './stats/stats.controller.js';

/** The shop: a checkout over services that are plain or healing, whichever module it is given. */
@Module({})
export class AppModule {
  static with(services: Type, urls: UpstreamUrls): DynamicModule {
    return {
      module: AppModule,
      imports: [UpstreamUrlsModule.at(urls), services],
      controllers: [CheckoutController, StatsController],
      providers: [CheckoutService, { provide: APP_FILTER, useClass: UpstreamErrorFilter }],
    };
  }
}
