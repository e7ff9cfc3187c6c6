import { type DynamicModule, Global, Module } from '@nestjs/common';
import { UPSTREAM_URLS, type UpstreamUrls } from './upstream.client.js';

/** Tells the whole application where the upstreams are. */
@Global()
@Module({})
export class UpstreamUrlsModule {
  static at(urls: UpstreamUrls): DynamicModule {
    return {
      module: UpstreamUrlsModule,
      providers: [{ provide: UPSTREAM_URLS, useValue: urls }],
      exports: [UPSTREAM_URLS],
    };
  }
}
