import { type EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, Inject, ParseIntPipe, UseFilters, UseGuards } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ResilienceExceptionFilter } from 'nestjs-selfheal';
import { ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { Applications, outcomeOf } from '../../support/nest-applications.js';
import { httpError } from '../../support/retry-world.js';
import { Flaky, Guarded, REFUSED, Retried } from './payments.js';

interface Socket extends EventEmitter {
  send(text: string): void;
  terminate(): void;
}

// It comes with @nestjs/platform-ws, without types.
const { WebSocket }: { readonly WebSocket: new (address: string) => Socket } = createRequire(import.meta.url)(
  'ws',
);

const asked: string[] = [];

class Watched implements CanActivate {
  canActivate(): boolean {
    asked.push('guard');
    return true;
  }
}

@WebSocketGateway()
@UseFilters(ResilienceExceptionFilter)
class PaymentsGateway {
  constructor(@Inject(Flaky) private readonly flaky: Flaky) {}

  @SubscribeMessage('charge')
  @UseGuards(Watched)
  @Retried()
  async charge(@MessageBody('cents', ParseIntPipe) cents: number): Promise<unknown> {
    return this.flaky.work({ event: 'charged', data: cents });
  }

  @Guarded()
  @SubscribeMessage('refund')
  async refund(): Promise<unknown> {
    throw httpError(503);
  }
}

describe('a gateway with a real client', () => {
  const applications = new Applications();
  const sockets: Socket[] = [];

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.terminate();
  });

  async function start() {
    const module = await Test.createTestingModule({
      imports: [ResilienceTestingModule.forRoot({ httpErrors: true })],
      providers: [Flaky, PaymentsGateway],
    })
      .setLogger(applications.lines)
      .compile();
    const app = applications.keep(module.createNestApplication(new ExpressAdapter()));
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const socket = new WebSocket((await app.getUrl()).replace('http', 'ws'));
    sockets.push(socket);
    await once(socket, 'open');
    const ask = async (event: string, data: unknown): Promise<unknown> => {
      socket.send(JSON.stringify({ event, data }));
      const [message] = (await once(socket, 'message')) as [Buffer];
      return JSON.parse(message.toString());
    };
    return { app, ask };
  }

  it('is retried, its guard asked once and its pipes applied', async () => {
    asked.length = 0;
    const { app, ask } = await start();

    const answer = await ask('charge', { cents: '5' });

    expect(answer).toEqual({ event: 'charged', data: 5 });
    expect(app.get(Flaky).runs).toBe(3);
    expect(asked).toEqual(['guard']);
  });

  it('answers an open breaker with an exception event that has code and wait', async () => {
    const { app, ask } = await start();
    // Not over the wire: Nest 11 answers nothing there to an error that nobody maps.
    await outcomeOf(() => app.get(PaymentsGateway).refund());

    const answer = await ask('refund', {});

    expect(answer).toMatchObject({ event: 'exception', data: { status: 'error', ...REFUSED } });
  });
});
