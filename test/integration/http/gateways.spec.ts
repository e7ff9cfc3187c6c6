import 'reflect-metadata';
import { once, type EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Module, UseFilters, type INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ResilienceExceptionFilter } from '../../../lib/nest/http/resilience-exception.filter.js';
import { addressOf, AnyResilienceError, applicationOn } from './mapped-application.js';

interface Socket extends EventEmitter {
  send(text: string): void;
  terminate(): void;
}

// It comes with @nestjs/platform-ws, without types.
const { WebSocket }: { readonly WebSocket: new (address: string) => Socket } = createRequire(import.meta.url)(
  'ws',
);

@WebSocketGateway()
@UseFilters(ResilienceExceptionFilter)
class PaymentsGateway {
  @SubscribeMessage('charge')
  charge(): unknown {
    throw new AnyResilienceError('RESILIENCE_CIRCUIT_BREAKER_OPEN', 1_500);
  }
}

@Module({ providers: [PaymentsGateway] })
class GatewayModule {}

describe('a gateway', () => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  it('NI-41: sends the object of messages as the event exception once the filter is bound', async () => {
    const started = await applicationOn('Express', GatewayModule);
    app = started.app.useWebSocketAdapter(new WsAdapter(started.app));
    const socket = new WebSocket((await addressOf(app)).replace('http', 'ws'));
    await once(socket, 'open');

    socket.send(JSON.stringify({ event: 'charge', data: {} }));
    const [message] = (await once(socket, 'message')) as [Buffer];
    socket.terminate();

    expect(JSON.parse(message.toString())).toEqual({
      event: 'exception',
      data: {
        status: 'error',
        message: 'Payments.charge: not now',
        code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN',
        retryAfterMs: 1_500,
      },
    });
    expect(started.errorsLogged).toEqual([]);
  });
});
