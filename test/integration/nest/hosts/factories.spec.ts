import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, Scope, type Provider } from '@nestjs/common';
import { Fallback, ResilienceExplorer, Retryable } from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend } from '../../../support/nest-applications.js';
import { recordLog } from '../../../support/nest-log.js';

/** Never seen by Nest: each test makes it in its own way. */
class Client {
  readonly backend = new Backend('F,F,S');

  @Retryable(AT_ONCE)
  async ask(): Promise<string> {
    return this.backend.next();
  }
}

const CLIENT = Symbol('CLIENT');

describe('instances that Nest did not build', () => {
  const applications = new Applications();

  it.each<[string, Provider]>([
    ['useFactory', { provide: CLIENT, useFactory: () => new Client() }],
    ['async useFactory', { provide: CLIENT, useFactory: async () => new Client() }],
    ['useValue', { provide: CLIENT, useValue: new Client() }],
    ['a frozen useValue', { provide: CLIENT, useValue: Object.freeze(new Client()) }],
    ['a sealed useFactory', { provide: CLIENT, useFactory: () => Object.seal(new Client()) }],
  ])('NI-05: %s is wired', async (_, provider) => {
    const { app, events } = await applications.start({ providers: [provider] });
    const log = recordLog();
    const client = app.get<Client>(CLIENT);

    expect(await client.ask()).toBe('S');

    expect(client.backend.runs).toBe(3);
    expect(events.counts()).toEqual({ 'retry.scheduled': 2, 'retry.recovered': 1 });
    expect(log.of('warn')).toEqual([]);
  });

  it('NI-05: an alias is the same instance, listed once', async () => {
    const alias = { provide: 'alias', useExisting: CLIENT };
    const provider = { provide: CLIENT, useFactory: () => new Client() };
    const { app, events } = await applications.start({ providers: [alias, provider] });

    await app.get<Client>('alias').ask();

    const described = app.get(ResilienceExplorer).describe();
    expect(app.get('alias')).toBe(app.get(CLIENT));
    expect(described.filter(({ operation }) => operation === 'Client.ask')).toHaveLength(1);
    expect(described).toContainEqual(expect.objectContaining({ operation: 'Client.ask', wired: true }));
    expect(events.of('retry.recovered')).toHaveLength(1);
  });

  it('is bound in modules that do not import ours, before the hooks of all others', async () => {
    @Injectable()
    class Early {
      answer: string | undefined;

      constructor(@Inject(CLIENT) private readonly client: Client) {}

      async onModuleInit(): Promise<void> {
        this.answer = await this.client.ask();
      }
    }
    @Module({ providers: [{ provide: CLIENT, useFactory: () => new Client() }, Early] })
    class Deep {}

    const { get, events } = await applications.start({ imports: [Deep] });

    expect(get(Early).answer).toBe('S');
    expect(events.of('retry.recovered')).toHaveLength(1);
  });

  it('is bound where a factory runs for each consumer', async () => {
    const made: Client[] = [];
    @Injectable()
    class One {
      constructor(@Inject(CLIENT) readonly client: Client) {}
    }
    @Injectable()
    class Other {
      constructor(@Inject(CLIENT) readonly client: Client) {}
    }
    const useFactory = (): Client => {
      const client = new Client();
      made.push(client);
      return client;
    };
    const provider = { provide: CLIENT, scope: Scope.TRANSIENT, useFactory };
    const { app, get, events } = await applications.start({ providers: [provider, One, Other] });
    const later = await app.resolve<Client>(CLIENT);

    await Promise.all([get(One).client.ask(), get(Other).client.ask(), later.ask()]);

    expect(new Set([get(One).client, get(Other).client, later]).size).toBe(3);
    expect(events.of('retry.recovered')).toHaveLength(3);
    expect(get(ResilienceExplorer).describe()).toContainEqual(
      expect.objectContaining({ operation: 'Client.ask', wired: true }),
    );
  });

  it.each<[string, () => Client | Promise<Client>]>([
    ['', () => new Client()],
    [' that is async', async () => new Client()],
  ])('is bound as a request-scoped factory%s makes it', async (_, useFactory) => {
    const provider = { provide: CLIENT, scope: Scope.REQUEST, useFactory };
    const { app, events } = await applications.start({ providers: [provider] });
    const log = recordLog();

    const clients = [await app.resolve<Client>(CLIENT), await app.resolve<Client>(CLIENT)];
    await Promise.all(clients.map((client) => client.ask()));

    expect(new Set(clients).size).toBe(2);
    expect(events.of('retry.recovered')).toHaveLength(2);
    expect(log.of('warn')).toEqual([]);
  });

  it('keeps what a request-scoped factory is given, and what it throws', async () => {
    const failure = new Error('no client today');
    const provider = {
      provide: CLIENT,
      scope: Scope.REQUEST,
      inject: ['name'],
      useFactory: (name: string) => {
        if (name === 'broken') throw failure;
        return name;
      },
    };
    const named = (name: string) => ({ providers: [{ provide: 'name', useValue: name }, provider] });
    const { app } = await applications.start(named('works'));
    const { app: broken } = await applications.start(named('broken'));

    expect(await app.resolve(CLIENT)).toBe('works');
    await expect(broken.resolve(CLIENT)).rejects.toBe(failure);
  });

  it('runs no code of values, and stops at none of them', async () => {
    const touched: unknown[] = [];
    const touch = (what: unknown): never => {
      touched.push(what);
      throw new Error('nobody may ask');
    };
    class WithGetter extends Client {
      get connection(): never {
        return touch('getter');
      }
    }
    const values = [
      Object.create(null) as object,
      Object.freeze(Object.create(null) as object),
      new WithGetter(),
      Object.freeze({ get connection() { return touch('getter'); } }), // prettier-ignore
      new Map(),
      () => 1,
      'text',
      undefined,
      null,
    ];
    const providers = values.map((useValue, index) => ({ provide: `value-${index}`, useValue }));

    const { app } = await applications.start({
      providers: [...providers, { provide: 'later', useFactory: () => new WithGetter() }],
    });

    expect(touched).toEqual([]);
    expect(await app.get<Client>('later').ask()).toBe('S');
  });

  it('does not connect a proxy', async () => {
    const touched: unknown[] = [];
    // Nest itself asks a value for `then`, `constructor` and its hooks.
    const NESTS_OWN = ['then', 'constructor', 'onModuleInit', 'onApplicationBootstrap', 'onModuleDestroy'];
    const isNests = (key: unknown) =>
      NESTS_OWN.includes(String(key)) || String(key).endsWith('ApplicationShutdown');
    const lazy = new Proxy(
      {},
      {
        get: (_target, key) => (isNests(key) ? undefined : touched.push(key)),
        getOwnPropertyDescriptor: (_target, key) => void touched.push(key),
        defineProperty: (_target, key) => touched.push(key) > 0,
        ownKeys: () => (touched.push('ownKeys'), []),
      },
    );

    await applications.start({ providers: [{ provide: 'lazy', useFactory: () => lazy }] });

    expect(touched).toEqual([]);
  });

  it('belongs to the application that was started last', async () => {
    const client = new Client();
    const metadata = { providers: [{ provide: CLIENT, useValue: client }] };
    const first = await applications.start(metadata);
    await first.app.close();
    const second = await applications.start(metadata);

    expect(await client.ask()).toBe('S');

    expect(first.events.all).toEqual([]);
    expect(second.events.of('retry.recovered')).toHaveLength(1);
  });

  it('uses the default runtime for a call inside a factory, and the application afterwards', async () => {
    recordLog();
    class Warmed extends Client {
      @Fallback({ value: 'cold' })
      async warm(): Promise<string> {
        throw Object.assign(new Error('down'), { status: 503 });
      }
    }
    const useFactory = async () => {
      const client = new Warmed();
      expect(await client.warm()).toBe('cold');
      return client;
    };
    const { app, events } = await applications.start({ providers: [{ provide: CLIENT, useFactory }] });
    expect(events.all).toEqual([]);

    await app.get<Warmed>(CLIENT).warm();

    expect(events.of('fallback.served')).toHaveLength(1);
  });
});
