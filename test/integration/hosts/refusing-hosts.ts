import { type EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Inject,
  Param,
  UseFilters,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RateLimitExceededError, ResilienceExceptionFilter } from 'nestjs-selfheal';
import { throwError } from 'rxjs';
import { type RefusalName, Refusing } from './refusals.js';

interface Socket extends EventEmitter {
  send(text: string): void;
  terminate(): void;
}

// It comes with @nestjs/platform-ws, without types.
const { WebSocket }: { readonly WebSocket: new (address: string) => Socket } = createRequire(import.meta.url)(
  'ws',
);

/** What the application's own filter answers on every transport, where it was given the original error. */
export const OWN_ANSWER = 'answered by the application: 60000 ms';

/** A filter of the application: it names one class of ours, and answers it on the transport at hand. */
@Catch(RateLimitExceededError)
export class OwnFilter implements ExceptionFilter<RateLimitExceededError> {
  constructor(@Inject(HttpAdapterHost) private readonly adapters: HttpAdapterHost) {}

  catch({ retryAfterMs }: RateLimitExceededError, host: ArgumentsHost): unknown {
    const message = `answered by the application: ${retryAfterMs} ms`;
    const type = host.getType<string>();
    if (type === 'graphql') return new Error(message);
    if (type === 'rpc') return throwError(() => ({ status: 'error', message }));
    if (type === 'http') return this.adapters.httpAdapter.reply(host.getArgByIndex(1), { message }, 418);
    host
      .switchToWs()
      .getClient<Socket>()
      .send(JSON.stringify({ event: 'own', data: message }));
    return undefined;
  }
}

/** Routes that refuse. */
@Controller()
export class RefusingController {
  constructor(@Inject(Refusing) private readonly refusing: Refusing) {}

  @Get('refuse/:name')
  refuse(@Param('name') name: RefusalName): Promise<unknown> {
    return this.refusing.provoke(name);
  }

  @Get('own/:name')
  @UseFilters(OwnFilter)
  own(@Param('name') name: RefusalName): Promise<unknown> {
    return this.refusing.provoke(name);
  }
}

/** Message handlers that refuse. */
@Controller()
export class RefusingHandlers {
  constructor(@Inject(Refusing) private readonly refusing: Refusing) {}

  @MessagePattern('refuse')
  refuse(@Payload() name: RefusalName): Promise<unknown> {
    return this.refusing.provoke(name);
  }

  @MessagePattern('own')
  @UseFilters(OwnFilter)
  own(@Payload() name: RefusalName): Promise<unknown> {
    return this.refusing.provoke(name);
  }
}

/** A resolver that refuses. */
@Resolver()
export class RefusingResolver {
  constructor(@Inject(Refusing) private readonly refusing: Refusing) {}

  @Query(() => String)
  async refuse(@Args('name', { type: () => String }) name: RefusalName): Promise<string> {
    return String(await this.refusing.provoke(name));
  }

  @Query(() => String)
  @UseFilters(OwnFilter)
  async own(@Args('name', { type: () => String }) name: RefusalName): Promise<string> {
    return String(await this.refusing.provoke(name));
  }
}

/** A gateway that refuses: Nest gives gateways no application-wide filter, so ours is bound to it. */
@WebSocketGateway()
@UseFilters(ResilienceExceptionFilter)
export class RefusingGateway {
  constructor(@Inject(Refusing) private readonly refusing: Refusing) {}

  @SubscribeMessage('refuse')
  refuse(@MessageBody() name: RefusalName): Promise<unknown> {
    return this.refusing.provoke(name);
  }

  @SubscribeMessage('own')
  @UseFilters(OwnFilter)
  own(@MessageBody() name: RefusalName): Promise<unknown> {
    return this.refusing.provoke(name);
  }
}

/** A real client of a gateway; ends itself when the answer is there. */
export async function askSocket(address: string, event: string, data: unknown): Promise<unknown> {
  const socket = new WebSocket(address.replace('http', 'ws'));
  await once(socket, 'open');
  socket.send(JSON.stringify({ event, data }));
  const [message] = (await once(socket, 'message')) as [Buffer];
  socket.terminate();
  return JSON.parse(message.toString());
}

/** A real client of a GraphQL server. */
export async function askGraphql(address: string, query: string, name: string): Promise<unknown> {
  const answer = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `query($name: String!) { ${query}(name: $name) }`, variables: { name } }),
  });
  return { status: answer.status, body: await answer.json() };
}
