import { type EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, type Type, UseFilters } from '@nestjs/common';
import { Args, GraphQLModule, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import {
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Idempotent, InvalidOptionsError, ResilienceExceptionFilter } from 'nestjs-selfheal';
import { ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { lastValueFrom, Observable, of, toArray } from 'rxjs';
import { Applications, outcomeOf } from '../../support/nest-applications.js';
import { freePort } from '../../support/servers/guarded-process.js';

interface Order {
  readonly id: string;
  readonly amount: number;
}

interface Socket extends EventEmitter {
  send(text: string): void;
  terminate(): void;
}

// It comes with @nestjs/platform-ws, without types.
const { WebSocket }: { readonly WebSocket: new (address: string) => Socket } = createRequire(import.meta.url)(
  'ws',
);

const MISMATCH = 'RESILIENCE_IDEMPOTENCY_MISMATCH';
const key = ({ id }: Order): string => id;
let runs = 0;

beforeEach(() => {
  runs = 0;
});

@Controller()
class OrderMessages {
  @MessagePattern('place')
  @Idempotent({ key })
  async place(@Payload() { amount }: Order): Promise<object> {
    return { amount, run: (runs += 1) };
  }

  @MessagePattern('watch')
  @Idempotent({ key })
  watch(@Payload() { amount }: Order): Observable<object> {
    runs += 1;
    return of({ amount, run: runs }, { amount, run: runs, isLast: true });
  }
}

@Resolver()
class OrderResolver {
  @Query(() => Int)
  ready(): number {
    return 1;
  }

  @Mutation(() => Int)
  @Idempotent({ key: (id: string) => id })
  async place(@Args('id') _id: string, @Args('amount', { type: () => Int }) amount: number): Promise<number> {
    runs += 1;
    return amount * 100 + runs;
  }

  @Mutation(() => Int)
  @Idempotent({ key: (id: string) => id })
  watch(@Args('id') _id: string, @Args('amount', { type: () => Int }) amount: number): Observable<number> {
    runs += 1;
    return of(amount, amount * 100 + runs);
  }
}

@WebSocketGateway()
@UseFilters(ResilienceExceptionFilter)
class OrderGateway {
  @SubscribeMessage('place')
  @Idempotent({ key })
  async place(@MessageBody() { amount }: Order): Promise<object> {
    return { event: 'placed', data: { amount, run: (runs += 1) } };
  }

  @SubscribeMessage('watch')
  @Idempotent({ key })
  watch(@MessageBody() { amount }: Order): Observable<object> {
    runs += 1;
    return of({ event: 'seen', data: { amount, run: runs } }, { event: 'seen', data: 'last' });
  }
}

@Controller()
class KeylessMessages {
  @MessagePattern('place')
  @Idempotent()
  async place(): Promise<void> {}
}

@Resolver()
class KeylessResolver {
  @Mutation(() => Int)
  @Idempotent()
  async place(): Promise<number> {
    return 1;
  }
}

@WebSocketGateway()
class KeylessGateway {
  @SubscribeMessage('place')
  @Idempotent()
  async place(): Promise<void> {}
}

describe('guarded handlers over real transports', () => {
  const applications = new Applications();
  const open: { terminate?(): void; close?(): unknown }[] = [];

  afterEach(() => {
    for (const each of open.splice(0)) {
      each.terminate?.();
      void each.close?.();
    }
  });

  const moduleOf = (metadata: object) =>
    Test.createTestingModule({
      imports: [ResilienceTestingModule.forRoot({ httpErrors: true })],
      ...metadata,
    })
      .setLogger(applications.lines)
      .compile();

  async function overTcp() {
    const options = {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: await freePort() },
    } as const;
    const module = await moduleOf({ controllers: [OrderMessages] });
    await applications.keep(module.createNestMicroservice<MicroserviceOptions>(options)).listen();
    const client = ClientProxyFactory.create(options);
    open.push({ close: () => client.close() });
    return (pattern: string, order: Order): Promise<unknown> =>
      lastValueFrom(client.send<unknown>(pattern, order).pipe(toArray()));
  }

  async function overWebSocket() {
    const module = await moduleOf({ providers: [OrderGateway] });
    const app = applications.keep(module.createNestApplication(new ExpressAdapter()));
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const socket = new WebSocket((await app.getUrl()).replace('http', 'ws'));
    open.push(socket);
    await once(socket, 'open');
    return async (event: string, data: Order, messages = 1): Promise<unknown[]> => {
      const told: unknown[] = [];
      const all = new Promise<void>((resolve) => {
        socket.on('message', function listen(message: Buffer) {
          told.push(JSON.parse(message.toString()));
          if (told.length < messages) return;
          socket.off('message', listen);
          resolve();
        });
      });
      socket.send(JSON.stringify({ event, data }));
      await all;
      return told;
    };
  }

  async function overGraphQl() {
    const { address } = await applications.listen(
      'Express',
      {
        imports: [GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })],
        providers: [OrderResolver],
      },
      { httpErrors: true },
    );
    return async (name: string, { id, amount }: Order): Promise<unknown> => {
      const answer = await fetch(`${address}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: `mutation { ${name}(id: "${id}", amount: ${amount}) }` }),
      });
      return answer.json();
    };
  }

  /** Three equal calls, and one with another payload. */
  async function fourOf(ask: (order: Order) => Promise<unknown>) {
    const equal = [];
    for (let call = 0; call < 3; call += 1) equal.push(await ask({ id: 'a', amount: 1 }));
    return { equal, other: await outcomeOf(() => ask({ id: 'a', amount: 2 })) };
  }

  it.each([
    ['place', [{ amount: 1, run: 1 }]],
    [
      'watch',
      [
        { amount: 1, run: 1 },
        { amount: 1, run: 1, isLast: true },
      ],
    ],
  ])('ID-54: three equal messages over TCP to %s are one run', async (pattern, answer) => {
    const ask = await overTcp();

    const { equal, other } = await fourOf((order) => ask(pattern, order));

    expect(equal).toEqual([answer, answer, answer]);
    expect(other.error).toMatchObject({ status: 'error', code: MISMATCH });
    expect(runs).toBe(1);
  });

  it.each(['place', 'watch'])('ID-54: three equal mutations %s are one run', async (name) => {
    const ask = await overGraphQl();

    const { equal, other } = await fourOf((order) => ask(name, order));

    const answer = { data: { [name]: 101 } };
    expect(equal).toEqual([answer, answer, answer]);
    expect(other.value).toMatchObject({ errors: [{ path: [name], extensions: { code: MISMATCH } }] });
    expect(runs).toBe(1);
  });

  it('ID-54: three equal messages over a WebSocket are one run', async () => {
    const ask = await overWebSocket();

    const { equal, other } = await fourOf((order) => ask('place', order));

    const answer = [{ event: 'placed', data: { amount: 1, run: 1 } }];
    expect(equal).toEqual([answer, answer, answer]);
    expect(other.value).toMatchObject([{ event: 'exception', data: { status: 'error', code: MISMATCH } }]);
    expect(runs).toBe(1);
  });

  it('ID-47, ID-54: an Observable over a WebSocket is replayed value by value', async () => {
    const ask = await overWebSocket();
    const twice = [
      await ask('watch', { id: 'a', amount: 1 }, 2),
      await ask('watch', { id: 'a', amount: 1 }, 2),
    ];

    const values = [
      { event: 'seen', data: { amount: 1, run: 1 } },
      { event: 'seen', data: 'last' },
    ];
    expect(twice).toEqual([values, values]);
    expect(runs).toBe(1);
  });

  it.each<[Type, RegExp]>([
    [KeylessMessages, /KeylessMessages\.place.*`?key`?/],
    [KeylessResolver, /KeylessResolver\.place.*`?key`?/],
    [KeylessGateway, /KeylessGateway\.place.*`?key`?/],
  ])('ID-54: %p without a key function stops the boot', async (place, message) => {
    const isController = Reflect.hasMetadata('path', place);
    const { error } = await outcomeOf(() =>
      applications.start(isController ? { controllers: [place] } : { providers: [place] }),
    );

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect((error as Error).message).toMatch(message);
  });
});
