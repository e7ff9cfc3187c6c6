import { STATUS_CODES } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { ModuleMetadata } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { ClientProxyFactory, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { firstValueFrom } from 'rxjs';
import { Applications, outcomeOf, type Platform } from '../../support/nest-applications.js';
import { freePort } from '../../support/servers/guarded-process.js';
import { type OwnRedis, startOwnRedis } from '../../support/servers/redis-server.js';
import {
  BreakableStore,
  REFUSAL_NAMES,
  type Refusal,
  refusalOf,
  type RefusalName,
  Refusing,
} from './refusals.js';
import {
  askGraphql,
  askSocket,
  OWN_ANSWER,
  OwnFilter,
  RefusingController,
  RefusingGateway,
  RefusingHandlers,
  RefusingResolver,
} from './refusing-hosts.js';

const applications = new Applications();

/** An application that can be brought to refuse in every way: its options, and what it is made of. */
function refusing(metadata: ModuleMetadata) {
  const store = new BreakableStore();
  const own = [Refusing, OwnFilter, { provide: BreakableStore, useValue: store }];
  const options = { httpErrors: true, idempotency: { store } };
  return { options, metadata: { ...metadata, providers: [...own, ...(metadata.providers ?? [])] } };
}

const byName = <T>(answerOf: (refusal: Refusal) => T): Record<string, T> =>
  Object.fromEntries(REFUSAL_NAMES.map((name) => [name, answerOf(refusalOf(name))]));

/** One after the other: each refusal needs the application's clock for itself. */
async function eachOf(ask: (name: RefusalName) => Promise<unknown>): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const name of REFUSAL_NAMES) answers[name] = await ask(name);
  return answers;
}

/** What a transport says of how long one should wait: nothing where the error knows nothing. */
const waitOf = ({ retryAfterMs }: Refusal) => (retryAfterMs === undefined ? {} : { retryAfterMs });

/** The object of N29 that clients of message handlers and gateways get. */
const payloadOf = (refusal: Refusal) => ({
  status: 'error',
  message: expect.any(String),
  code: refusal.code,
  ...waitOf(refusal),
});

function compiled(given: ModuleMetadata) {
  const { options, metadata } = refusing(given);
  const imports = [ResilienceTestingModule.forRoot(options)];
  return Test.createTestingModule({ ...metadata, imports })
    .setLogger(applications.lines)
    .compile();
}

describe.each<Platform>(['Express', 'Fastify'])('over HTTP on %s', (platform) => {
  async function start() {
    const { metadata, options } = refusing({ controllers: [RefusingController] });
    const { address } = await applications.listen(platform, metadata, options);
    return async (path: string) => {
      const answer = await fetch(`${address}/${path}`);
      const retryAfter = answer.headers.get('retry-after');
      return { status: answer.status, retryAfter, body: await answer.json() };
    };
  }

  it('NI-36: every refusal has its status, its code and its Retry-After', async () => {
    const ask = await start();

    const answers = await eachOf((name) => ask(`refuse/${name}`));

    expect(answers).toEqual(
      byName(({ http, code, retryAfterMs }) => ({
        status: http,
        retryAfter: retryAfterMs === undefined ? null : String(Math.ceil(retryAfterMs / 1_000)),
        body: { statusCode: http, message: expect.any(String), error: STATUS_CODES[http], code },
      })),
    );
  });

  it("N30: the application's own filter answers", async () => {
    const ask = await start();

    const answer = await ask('own/rateLimiter');

    expect(answer).toMatchObject({ status: 418, body: { message: OWN_ANSWER } });
  });
});

describe.each(['TCP', 'Redis'])('messages over %s', (transport) => {
  let redis: OwnRedis | undefined;

  beforeAll(async () => {
    redis = transport === 'Redis' ? await startOwnRedis() : undefined;
  });
  afterAll(() => redis?.stop());

  async function optionsOf() {
    if (redis === undefined) {
      return { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const;
    }
    const { hostname: host, port } = new URL(redis.url);
    return { transport: Transport.REDIS, options: { host, port: Number(port) } } as const;
  }

  async function start() {
    const options = await optionsOf();
    const module = await compiled({ controllers: [RefusingHandlers] });
    const app = applications.keep(module.createNestMicroservice<MicroserviceOptions>(options));
    await app.listen();
    const client = ClientProxyFactory.create(options);
    const ask = async (pattern: string, name: RefusalName) =>
      (await outcomeOf(() => firstValueFrom(client.send(pattern, name)))).error;
    return { ask, client };
  }

  it('N29: every refusal is an object with code and wait', async () => {
    const { ask, client } = await start();

    const answers = await eachOf((name) => ask('refuse', name));
    await client.close();

    expect(answers).toEqual(byName(payloadOf));
  });

  it("N30: the application's own filter answers", async () => {
    const { ask, client } = await start();

    const answer = await ask('own', 'rateLimiter');
    await client.close();

    expect(answer).toEqual({ status: 'error', message: OWN_ANSWER });
  });
});

describe('GraphQL on Apollo', () => {
  async function start() {
    const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true });
    const { metadata, options } = refusing({ imports: [graphql], providers: [RefusingResolver] });
    const { address } = await applications.listen('Express', metadata, options);
    return (query: string, name: RefusalName) => askGraphql(address, query, name);
  }

  it('N29: every refusal is in the extensions, the HTTP status is untouched', async () => {
    const ask = await start();

    const answers = await eachOf((name) => ask('refuse', name));

    const errorOf = (refusal: Refusal) => ({
      message: expect.any(String),
      locations: expect.any(Array),
      path: ['refuse'],
      extensions: { code: refusal.code, ...waitOf(refusal) },
    });
    expect(answers).toEqual(
      byName((refusal) => ({ status: 200, body: { data: null, errors: [errorOf(refusal)] } })),
    );
  });

  it("N30: the application's own filter answers", async () => {
    const ask = await start();

    const answer = await ask('own', 'rateLimiter');

    expect(answer).toMatchObject({ body: { errors: [{ message: OWN_ANSWER, path: ['own'] }] } });
  });
});

describe('a gateway', () => {
  async function start() {
    const module = await compiled({ providers: [RefusingGateway] });
    const app = applications.keep(module.createNestApplication(new ExpressAdapter()));
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const address = await app.getUrl();
    return (event: string, name: RefusalName) => askSocket(address, event, name);
  }

  it('N29: every refusal is the event exception with code and wait', async () => {
    const ask = await start();

    const answers = await eachOf((name) => ask('refuse', name));

    expect(answers).toEqual(byName((refusal) => ({ event: 'exception', data: payloadOf(refusal) })));
  });

  it("N30: the application's own filter answers", async () => {
    const ask = await start();

    const answer = await ask('own', 'rateLimiter');

    expect(answer).toEqual({ event: 'own', data: OWN_ANSWER });
  });
});
