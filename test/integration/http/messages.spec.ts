import 'reflect-metadata';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Module,
  UseFilters,
  type ExceptionFilter,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  RpcException,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { firstValueFrom, of, throwError, type Observable } from 'rxjs';
import { ResilienceExceptionFilter } from '../../../lib/nest/http/resilience-exception.filter.js';
import { applicationOn, AnyResilienceError, MappingModule } from './mapped-application.js';

const notNow = () => new AnyResilienceError('RESILIENCE_CIRCUIT_BREAKER_OPEN', 1_500);

const PAYLOAD = {
  status: 'error',
  message: 'Payments.charge: not now',
  code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN',
  retryAfterMs: 1_500,
};

@Controller()
class MessagesController {
  @MessagePattern('throws')
  throws(): string {
    throw notNow();
  }

  @MessagePattern('stream')
  stream(): Observable<string> {
    return throwError(notNow);
  }

  @MessagePattern('bound')
  @UseFilters(ResilienceExceptionFilter)
  bound(): string {
    throw notNow();
  }

  @MessagePattern('own')
  own(): string {
    throw new RpcException({ status: 'error', message: 'its own' });
  }

  @MessagePattern('bug')
  bug(): string {
    throw new TypeError('x is not a function');
  }

  @MessagePattern('works')
  works(): Observable<string> {
    return of('fine');
  }
}

@Catch()
class CatchAll implements ExceptionFilter {
  catch(): Observable<never> {
    return throwError(() => ({ status: 'error', message: 'caught by all' }));
  }
}

@Module({ imports: [MappingModule], controllers: [MessagesController] })
class MessagesModule {}

@Module({
  imports: [MappingModule],
  controllers: [MessagesController],
  providers: [{ provide: APP_FILTER, useClass: CatchAll }],
})
class MessagesBesideCatchAllModule {}

@Module({ controllers: [MessagesController] })
class UnmappedModule {}

describe('messages over TCP', () => {
  let app: INestApplication | undefined;
  let client: ClientProxy | undefined;

  afterEach(async () => {
    await client?.close();
    await app?.close();
  });

  async function start(module: Type<unknown>, hybrid: { readonly inheritAppConfig?: boolean }) {
    const started = await applicationOn('Express', module);
    app = started.app;
    const options = { host: '127.0.0.1', port: 0 };
    const service = app.connectMicroservice({ transport: Transport.TCP, options }, hybrid);
    await app.startAllMicroservices();
    const { port } = service.unwrap<NetServer>().address() as AddressInfo;
    client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
    return { errorsLogged: started.errorsLogged, send: sender(client) };
  }

  it.each(['throws', 'stream'])('NI-38: the client gets the plain object (%s)', async (pattern) => {
    const { errorsLogged, send } = await start(MessagesModule, { inheritAppConfig: true });

    const answer = await send(pattern);

    expect(answer).toEqual({ error: PAYLOAD });
    expect(errorsLogged).toEqual([]);
  });

  it('NI-38: other handlers answer as without our module', async () => {
    const { send } = await start(MessagesModule, { inheritAppConfig: true });

    const answers = await Promise.all(['own', 'bug', 'works'].map(send));

    expect(answers).toEqual([
      { error: { status: 'error', message: 'its own' } },
      { error: { status: 'error', message: 'Internal server error' } },
      { value: 'fine' },
    ]);
  });

  it('NI-41: maps beside an application-wide catch-all, which gets the rest', async () => {
    const { send } = await start(MessagesBesideCatchAllModule, { inheritAppConfig: true });

    const answers = await Promise.all(['throws', 'bug'].map(send));

    expect(answers).toEqual([{ error: PAYLOAD }, { error: { status: 'error', message: 'caught by all' } }]);
  });

  it('NI-41: without inheritAppConfig maps where the filter is bound by hand', async () => {
    const { send } = await start(MessagesModule, {});

    const answers = await Promise.all(['bound', 'throws'].map(send));

    expect(answers).toEqual([
      { error: PAYLOAD },
      { error: { status: 'error', message: 'Internal server error' } },
    ]);
  });

  it("NI-41: without the mapping gives Nest's own answer", async () => {
    const { send } = await start(UnmappedModule, { inheritAppConfig: true });

    const answer = await send('throws');

    expect(answer).toEqual({ error: { status: 'error', message: 'Internal server error' } });
  });
});

function sender(client: ClientProxy) {
  return (pattern: string): Promise<unknown> =>
    firstValueFrom(client.send<unknown>(pattern, {})).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
}
