import type { AddressInfo, Server as NetServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  Module,
  NotFoundException,
  UseFilters,
  type ArgumentsHost,
  type DynamicModule,
  type ExceptionFilter,
  type INestApplication,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport, type ClientProxy } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  CircuitBreaker,
  CircuitBreakerOpenError,
  CircuitBreakerRegistry,
  ResilienceExceptionFilter,
} from 'nestjs-selfheal';
import { ResilienceTestingModule, type ResilienceTestingOptions } from 'nestjs-selfheal/testing';
import { firstValueFrom } from 'rxjs';
import { Applications, type Platform } from '../../../support/nest-applications.js';

/** The usual one: whatever is not an `HttpException` is a 500. */
@Catch()
@Injectable()
class CatchAll implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    this.host.httpAdapter.reply(host.getArgByIndex(1), { by: 'CatchAll' }, status);
  }
}

@Catch(CircuitBreakerOpenError)
@Injectable()
class CatchOpen implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: CircuitBreakerOpenError, host: ArgumentsHost): void {
    const body = {
      by: 'CatchOpen',
      operation: error.operation,
      isOurs: error instanceof CircuitBreakerOpenError,
    };
    this.host.httpAdapter.reply(host.getArgByIndex(1), body, 418);
  }
}

@Controller()
class Orders {
  @Get('open')
  @CircuitBreaker('db')
  async open(): Promise<string> {
    return 'S';
  }

  @Get('near')
  @UseFilters(CatchOpen)
  @CircuitBreaker('db')
  async near(): Promise<string> {
    return 'S';
  }

  @Get('missing')
  @CircuitBreaker()
  async missing(): Promise<string> {
    throw new NotFoundException('no such order');
  }
}

const FORCED: ResilienceTestingOptions = { breakers: { db: 'forced-open' } };

async function answerTo({ address }: { readonly address: string }, path: string) {
  const answer = await fetch(`${address}/${path}`);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

function moduleWith(filter: Provider): DynamicModule {
  @Module({})
  class FilterModule {}
  return { module: FilterModule, providers: [filter] };
}

describe.each<Platform>(['Express', 'Fastify'])('errors on %s', (platform) => {
  const applications = new Applications();
  const catchAll = { provide: APP_FILTER, useClass: CatchAll };
  const ours = ResilienceTestingModule.forRoot({ ...FORCED });

  it('NI-37: 100 times 404 are 100 times 404, and the breaker is closed', async () => {
    const world = await applications.listen(platform, { controllers: [Orders] });
    for (let call = 0; call < 100; call += 1) {
      expect(await answerTo(world, 'missing')).toEqual({
        status: 404,
        body: { statusCode: 404, message: 'no such order', error: 'Not Found' },
      });
    }

    expect(world.get(CircuitBreakerRegistry).get('Orders.missing').state).toBe('closed');
  });

  it.each<[string, ModuleMetadata]>([
    ['in the root module', { imports: [ours], providers: [catchAll] }],
    ['in a module imported before', { imports: [moduleWith(catchAll), ours] }],
    ['in a module imported after', { imports: [ours, moduleWith(catchAll)] }],
  ])('NI-40: an open breaker is 503 beside a catch-all %s', async (_, metadata) => {
    const module = await Test.createTestingModule({ ...metadata, controllers: [Orders] }).compile();
    const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = applications.keep(module.createNestApplication(adapter, { logger: false }));
    await app.listen(0, '127.0.0.1');
    const address = await app.getUrl();

    const open = await answerTo({ address }, 'open');

    expect(open).toMatchObject({ status: 503, body: { code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN' } });
    expect(await answerTo({ address }, 'missing')).toEqual({ status: 404, body: { by: 'CatchAll' } });
  });

  it('NI-40: a filter of the handler, or an application-wide one that names the class, answers', async () => {
    const near = await applications.listen(platform, { controllers: [Orders] }, FORCED);
    const named = { provide: APP_FILTER, useClass: CatchOpen };
    const metadata = { imports: [moduleWith(named)], controllers: [Orders], providers: [catchAll] };
    const wide = await applications.listen(platform, metadata, FORCED);

    expect(await answerTo(near, 'near')).toEqual({
      status: 418,
      body: { by: 'CatchOpen', operation: 'Orders.near', isOurs: true },
    });
    expect(await answerTo(wide, 'open')).toMatchObject({ status: 418, body: { by: 'CatchOpen' } });
  });

  it("NI-41: httpErrors: false leaves it to Nest's own 500", async () => {
    const options = { ...FORCED, httpErrors: false };
    const world = await applications.listen(platform, { controllers: [Orders] }, options);

    expect(await answerTo(world, 'open')).toEqual({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
  });
});

@Controller()
class Messages {
  @MessagePattern('open')
  @CircuitBreaker('db')
  async open(): Promise<string> {
    return 'S';
  }

  @MessagePattern('bound')
  @UseFilters(ResilienceExceptionFilter)
  @CircuitBreaker('db')
  async bound(): Promise<string> {
    return 'S';
  }
}

describe('errors of a hybrid application', () => {
  let app: INestApplication | undefined;
  let client: ClientProxy | undefined;

  afterEach(async () => {
    await client?.close();
    await app?.close();
  });

  async function send(pattern: string, hybrid: { readonly inheritAppConfig?: boolean }): Promise<unknown> {
    @Module({ imports: [ResilienceTestingModule.forRoot(FORCED)], controllers: [Messages] })
    class HybridModule {}
    app = await NestFactory.create(HybridModule, new ExpressAdapter(), { logger: false });
    const options = { host: '127.0.0.1', port: 0 };
    const service = app.connectMicroservice({ transport: Transport.TCP, options }, hybrid);
    await app.startAllMicroservices();
    await app.init();
    const { port } = service.unwrap<NetServer>().address() as AddressInfo;
    client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
    return firstValueFrom(client.send(pattern, {})).catch((error: unknown) => error);
  }

  it.each([
    ['open', { inheritAppConfig: true }],
    ['bound', { inheritAppConfig: true }],
    ['bound', {}],
  ])('NI-41: messages are mapped (%s, %j)', async (pattern, hybrid) => {
    expect(await send(pattern, hybrid)).toEqual({
      status: 'error',
      code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN',
      message: expect.stringContaining('Messages.'),
    });
  });

  it('NI-41: without inheritAppConfig an unbound handler is answered by Nest', async () => {
    expect(await send('open', {})).toEqual({ status: 'error', message: 'Internal server error' });
  });
});
