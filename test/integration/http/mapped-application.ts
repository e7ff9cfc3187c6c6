import { Module, type INestApplication, type Type } from '@nestjs/common';
import { ApplicationConfig, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ResilienceError } from '../../../lib/core/errors.js';
import { GlobalFilterPlacement } from '../../../lib/nest/http/global-filter-placement.js';
import { ResilienceExceptionFilter } from '../../../lib/nest/http/resilience-exception.filter.js';
import { RecordingLogger } from './recording-logger.js';

/** What the module of the package provides for `httpErrors: true`. */
@Module({
  providers: [
    ResilienceExceptionFilter,
    {
      provide: GlobalFilterPlacement,
      inject: [ApplicationConfig, ResilienceExceptionFilter],
      useFactory: (config: ApplicationConfig, filter: ResilienceExceptionFilter) => {
        const placement = new GlobalFilterPlacement(config, filter);
        placement.take();
        return placement;
      },
    },
  ],
})
export class MappingModule {}

/** An error of this package with any code, as another copy or a later version of it may make. */
export class AnyResilienceError extends ResilienceError {
  constructor(
    readonly code: string,
    readonly retryAfterMs?: number,
  ) {
    super('Payments.charge: not now', { operation: 'Payments.charge', policy: 'stripe' });
  }
}

export type Platform = 'Express' | 'Fastify';

/** An application that is not listening yet, with what it has logged as errors. */
export async function applicationOn(platform: Platform, module: Type<unknown>) {
  const logger = new RecordingLogger();
  const app: INestApplication =
    platform === 'Express'
      ? await NestFactory.create(module, new ExpressAdapter(), { logger })
      : await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { logger });
  return { app, errorsLogged: logger.errors };
}

/** Starts the application on a free port and answers its address. */
export async function addressOf(app: INestApplication): Promise<string> {
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}
