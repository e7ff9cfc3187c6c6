import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Injectable,
  Module,
  type ExceptionFilter,
  type INestApplicationContext,
} from '@nestjs/common';
import { APP_FILTER, ExternalContextCreator, NestFactory } from '@nestjs/core';
import { AnyResilienceError, MappingModule } from './mapped-application.js';
import { RecordingLogger } from './recording-logger.js';

const FAILURE = new AnyResilienceError('RESILIENCE_RATE_LIMIT_EXCEEDED', 1_500);
const BUG = new TypeError('x is not a function');

@Injectable()
class Resolver {
  payment(): Promise<unknown> {
    return Promise.reject(FAILURE);
  }

  bug(): Promise<unknown> {
    return Promise.reject(BUG);
  }
}

@Catch()
class CatchAll implements ExceptionFilter {
  catch(): string {
    return 'caught by all';
  }
}

@Module({
  imports: [MappingModule],
  providers: [Resolver, { provide: APP_FILTER, useClass: CatchAll }],
})
class ResolverModule {}

describe('a handler that a library calls', () => {
  let context: INestApplicationContext | undefined;

  afterEach(() => context?.close());

  async function start() {
    const logger = new RecordingLogger();
    context = await NestFactory.createApplicationContext(ResolverModule, { logger });
    const resolver = context.get(Resolver);
    const creator = context.get(ExternalContextCreator);
    const handlerOf = (name: 'payment' | 'bug', type: string) =>
      creator.create(
        resolver,
        resolver[name],
        name,
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        type,
      );
    return { handlerOf, errorsLogged: logger.errors };
  }

  it('NI-39: a resolver gives an error whose extensions tell code and wait', async () => {
    const { handlerOf, errorsLogged } = await start();
    const request = Object.freeze({ headers: {} });

    const outcome: unknown = await handlerOf('payment', 'graphql')(null, {}, { req: request }, {}).catch(
      (error: unknown) => error,
    );

    expect(outcome).toBeInstanceOf(Error);
    expect(outcome).toMatchObject({
      message: FAILURE.message,
      cause: FAILURE,
      extensions: { code: 'RESILIENCE_RATE_LIMIT_EXCEEDED', retryAfterMs: 1_500 },
    });
    expect(FAILURE).not.toHaveProperty('extensions');
    expect(errorsLogged).toEqual([]);
  });

  it('NI-39: an error of its own goes where it always went', async () => {
    const { handlerOf } = await start();

    const outcome = await handlerOf('bug', 'graphql')(null, {}, {}, {});

    expect(outcome).toBe('caught by all');
  });

  it.each(['http', 'telegraf'])(
    'leaves the error to others where nobody can be answered: %s',
    async (type) => {
      const { handlerOf } = await start();

      const outcome = await handlerOf('payment', type)({ job: 1 });

      expect(outcome).toBe('caught by all');
    },
  );
});
