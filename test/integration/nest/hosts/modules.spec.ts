import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, Scope, type DynamicModule, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  CircuitBreaker,
  CircuitBreakerRegistry,
  InvalidOptionsError,
  ResilienceEvents,
  ResilienceModule,
  Retryable,
  type ResilienceOptionsFactory,
} from 'nestjs-selfheal';
import { EventRecorder, ManualClock, ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';
import { NestLog } from '../../../support/nest-log.js';

/** Comes up at the third attempt. */
@Injectable()
class Connection {
  readonly backend = new Backend('F,F,S');

  @Retryable(AT_ONCE)
  async onModuleInit(): Promise<void> {
    await this.backend.ask();
  }
}

@Module({ providers: [Connection] })
class Third {}
@Module({ imports: [Third] })
class Second {}
@Module({ imports: [Second] })
class First {}

const DOWN = () => Object.assign(new Error('down'), { status: 503 });

@Injectable()
class Orders {
  runs = 0;

  @CircuitBreaker('db')
  async find(): Promise<string> {
    this.runs += 1;
    throw DOWN();
  }
}

@Module({ providers: [Orders] })
class OrdersModule {}

describe('modules', () => {
  const applications = new Applications();

  it.each([true, false])('NI-06: a hook three modules deep is retried, isGlobal %s', async (isGlobal) => {
    const { get } = await applications.start({ imports: [First] }, { isGlobal });

    expect(get(Connection).backend.runs).toBe(3);
  });

  it.each([true, false])(
    'NI-07: a module that does not import ours is wired, isGlobal %s',
    async (isGlobal) => {
      const { get } = await applications.start({ imports: [OrdersModule] }, { isGlobal });
      for (let call = 0; call < 5; call += 1) await outcomeOf(() => get(Orders).find());

      expect(get(CircuitBreakerRegistry).get('db').state).toBe('open');
      await outcomeOf(() => get(Orders).find());
      expect(get(Orders).runs).toBe(5);
    },
  );

  it('NI-11: two applications share nothing', async () => {
    class Client {
      readonly backend = new Backend('F');

      @Retryable(AT_ONCE)
      @CircuitBreaker({ name: 'db', failureThreshold: 2 })
      async ask(): Promise<string> {
        return this.backend.next();
      }
    }
    const withAttempts = (maxAttempts: number) => ({
      overrides: { 'Client.ask': { retry: { maxAttempts } } },
      circuitBreakers: { db: { failureThreshold: maxAttempts } },
    });
    const fromModule = { ...withAttempts(2), circuitBreakers: {} };
    const first = await applications.start({ providers: [Client] }, fromModule);
    await outcomeOf(() => first.get(Client).ask());
    expect(first.get(CircuitBreakerRegistry).get('db').state).toBe('open');
    const eventsOfFirst = first.events.all.length;

    const second = await applications.start(
      { providers: [Client] },
      { overrides: { 'Client.ask': { retry: { maxAttempts: 5, abortOn: [] } } } },
    );
    expect(second.get(CircuitBreakerRegistry).get('db').state).toBe('closed');
    second.get(CircuitBreakerRegistry).get('db').disable();
    await outcomeOf(() => second.get(Client).ask());
    await second.app.close();

    expect(first.get(Client).backend.runs).toBe(2);
    expect(second.get(Client).backend.runs).toBe(5);
    expect(first.get(CircuitBreakerRegistry).get('db').state).toBe('open');
    expect(first.events.all).toHaveLength(eventsOfFirst);
    expect(second.events.of('circuit-breaker.rejected')).toEqual([]);
    expect(second.events.of('retry.scheduled')).toHaveLength(4);
  });

  it('NI-11: a method called by turns in applications that protect it, switch it off and do not know it', async () => {
    class Client {
      runs = 0;

      @Retryable(AT_ONCE)
      async ask(): Promise<string> {
        this.runs += 1;
        throw DOWN();
      }

      @Retryable(AT_ONCE)
      // What it gives is known from its first call on.
      askLater(): Promise<string> {
        return this.ask();
      }
    }
    const protecting = await applications.start({ providers: [Client] });
    const switchedOff = await applications.start({ providers: [Client] }, { enabled: false });
    const runsOf = async (client: Client, call: 'ask' | 'askLater'): Promise<number> => {
      const before = client.runs;
      await outcomeOf(() => client[call]());
      return client.runs - before;
    };
    const clients = [protecting.get(Client), switchedOff.get(Client), new Client()];

    for (let turn = 0; turn < 3; turn += 1) {
      for (const [index, runs] of [3, 1, 3].entries()) {
        expect(await runsOf(clients[index] ?? new Client(), 'ask')).toBe(runs);
        expect(await runsOf(clients[index] ?? new Client(), 'ask')).toBe(runs);
      }
      for (const [index, runs] of [9, 1, 9].entries()) {
        expect(await runsOf(clients[index] ?? new Client(), 'askLater')).toBe(runs);
      }
    }
  });

  it.each([true, false])('NI-12: a second forRoot stops the boot, isGlobal %s', async (isGlobal) => {
    @Module({ imports: [ResilienceModule.forRoot({ isGlobal })] })
    class BillingModule {}
    @Module({})
    class InnocentModule {}
    @Module({ imports: [InnocentModule, BillingModule, ResilienceModule.forRoot({ isGlobal })] })
    class ShopModule {}
    const module = await Test.createTestingModule({ imports: [ShopModule] }).compile();

    const { error } = await outcomeOf(() => module.init());

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(String(error)).toMatch(/ShopModule/);
    expect(String(error)).toMatch(/BillingModule/);
    expect(String(error)).not.toMatch(/InnocentModule/);
  });

  it('NI-12: forRoot and forRootAsync are two roots as well, also where a dynamic module imports one', async () => {
    class Dynamic {}
    const dynamic: DynamicModule = {
      module: Dynamic,
      imports: [ResilienceModule.forRootAsync({ useFactory: () => ({}) })],
    };
    @Module({ imports: [ResilienceModule.forRoot(), dynamic] })
    class ShopModule {}
    const module = await Test.createTestingModule({ imports: [ShopModule] }).compile();

    await expect(module.init()).rejects.toThrow(/forRoot .*ShopModule and by a dynamic module/);
  });
});

@Injectable()
class Settings {
  readonly maxAttempts = 4;
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsMaker implements ResilienceOptionsFactory {
  createResilienceOptions() {
    return { clock: new ManualClock(), logger: false, defaults: { retry: { maxAttempts: 4 } } };
  }
}

@Module({ providers: [OptionsMaker], exports: [OptionsMaker] })
class MakerModule {}

describe('forRootAsync', () => {
  const applications = new Applications();

  class Client {
    readonly backend = new Backend('F');

    @Retryable({ backoff: AT_ONCE.backoff, budget: false })
    async ask(): Promise<string> {
      return this.backend.next();
    }
  }

  @Injectable()
  class Starting {
    constructor(@Inject(Client) private readonly client: Client) {}

    async onModuleInit(): Promise<void> {
      await outcomeOf(() => this.client.ask());
    }
  }

  const afterTurns = async (turns: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  const WAYS: readonly [string, () => DynamicModule][] = [
    [
      'a slow useFactory with imports',
      () =>
        ResilienceModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async ({ maxAttempts }: Settings) => {
            await afterTurns(50);
            return { clock: new ManualClock(), logger: false, defaults: { retry: { maxAttempts } } };
          },
        }),
    ],
    ['useClass', () => ResilienceModule.forRootAsync({ useClass: OptionsMaker })],
    [
      'useExisting',
      () => ResilienceModule.forRootAsync({ imports: [MakerModule], useExisting: OptionsMaker }),
    ],
    ['isGlobal: false', () => ResilienceModule.forRootAsync({ isGlobal: false, useClass: OptionsMaker })],
  ];

  it.each(WAYS)('NI-13: %s boots, and hooks have its options already', async (_, root) => {
    const module = await Test.createTestingModule({
      imports: [root()],
      providers: [Starting, Client],
    }).compile();
    applications.keep(module);

    await module.init();

    expect(module.get(Client).backend.runs).toBe(4);
  });

  it('refuses none or two of the three ways', () => {
    const two = { useClass: OptionsMaker, useFactory: () => ({}) };

    expect(() => ResilienceModule.forRootAsync({})).toThrow(InvalidOptionsError);
    expect(() => ResilienceModule.forRootAsync(two)).toThrow(/exactly one of useFactory/);
  });

  it('wires a decorated service that is injected into its factory, and what the factory calls', async () => {
    const log = new NestLog();
    @Injectable()
    class RemoteSettings {
      readonly backend = new Backend('F,F,7,F,F,F');

      @Retryable(AT_ONCE)
      async read(): Promise<number> {
        return Number(this.backend.next());
      }
    }
    @Module({ providers: [RemoteSettings], exports: [RemoteSettings] })
    class RemoteModule {}
    const root = ResilienceModule.forRootAsync({
      imports: [RemoteModule],
      inject: [RemoteSettings],
      useFactory: async (settings: RemoteSettings) => {
        const maxAttempts = await settings.read();
        return {
          clock: new ManualClock(),
          overrides: { 'RemoteSettings.read': { retry: { maxAttempts: maxAttempts - 5 } } },
        };
      },
    });
    const module = await Test.createTestingModule({ imports: [root] })
      .setLogger(log)
      .compile();
    applications.keep(module);
    await module.init();
    const recorder = new EventRecorder(module.get(ResilienceEvents));
    const settings = module.get(RemoteSettings, { strict: false });
    expect(settings.backend.runs).toBe(3);

    await outcomeOf(() => settings.read());

    expect(settings.backend.runs).toBe(5);
    expect(recorder.of('retry.gave-up')).toHaveLength(1);
    // Nothing but that give-up: no word of a method without its policies.
    expect(log.of('warn')).toEqual([
      expect.stringMatching(/^RemoteSettings\.read: given up after 2 attempts/),
    ]);
  });

  @Injectable({ scope: Scope.REQUEST })
  class Tenant {}

  @Injectable()
  class TenantSettings implements ResilienceOptionsFactory {
    constructor(@Inject(Tenant) readonly tenant: Tenant) {}

    createResilienceOptions() {
      return {};
    }
  }

  @Module({ providers: [Tenant, TenantSettings], exports: [Tenant, TenantSettings] })
  class TenantModule {}

  it.each([
    ['a provider', { inject: [Tenant], useFactory: () => ({}) }, /Tenant\b/],
    ['one behind a provider', { inject: [TenantSettings], useFactory: () => ({}) }, /depends on Tenant,/],
    ['one behind the factory class', { useExisting: TenantSettings }, /depends on Tenant,/],
    ['the request', { inject: [Settings, REQUEST], useFactory: () => ({}) }, /depends on REQUEST,/],
  ])('refuses a request-scoped injectee and names it: %s', async (_, options, named) => {
    const imports = [ResilienceModule.forRootAsync({ ...options, imports: [TenantModule, SettingsModule] })];
    const module = await Test.createTestingModule({ imports, providers: [Client] }).compile();

    const { error } = await outcomeOf(() => module.init());

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(String(error)).toMatch(named);
  });
});

describe('forFeature', () => {
  const applications = new Applications();

  @Injectable()
  class Stripe {
    readonly backend = new Backend('F');

    @Retryable('stripe')
    async charge(): Promise<string> {
      return this.backend.next();
    }
  }
  const feature = { retries: { stripe: { ...AT_ONCE, maxAttempts: 4 } } };
  const first = (): Type<unknown> => {
    @Module({ imports: [ResilienceModule.forFeature(feature)], providers: [Stripe] })
    class StripeModule {}
    return StripeModule;
  };

  it.each([
    ['before forRoot', (root: DynamicModule) => [first(), root]],
    ['after forRoot', (root: DynamicModule) => [root, first()]],
    [
      'twice with other names',
      (root: DynamicModule) => [
        ResilienceModule.forFeature({ circuitBreakers: { one: {} } }),
        first(),
        root,
        ResilienceModule.forFeature({ circuitBreakers: { two: {} } }),
      ],
    ],
  ])('adds names %s, with isGlobal true and false', async (_, importsWith) => {
    for (const isGlobal of [true, false]) {
      const root = ResilienceTestingModule.forRoot({ isGlobal });
      const module = await Test.createTestingModule({ imports: importsWith(root) }).compile();
      applications.keep(module);
      await module.init();
      const stripe = module.get(Stripe, { strict: false });

      await outcomeOf(() => stripe.charge());

      expect(stripe.backend.runs).toBe(4);
    }
  });

  it("without forRoot: Nest's own error names what is missing", async () => {
    const module = await Test.createTestingModule({ imports: [first()] }).compile();

    await expect(module.init()).rejects.toThrow(/ResilienceRuntime/);
  });

  it('stops the boot where two modules differ, and names both places', async () => {
    const one = ResilienceModule.forFeature({ circuitBreakers: { db: { failureThreshold: 3 } } });
    const starting = applications.start(
      { imports: [one] },
      { circuitBreakers: { db: { failureThreshold: 5 } } },
    );

    await expect(starting).rejects.toThrow(/forFeature\.circuitBreakers\.db.* circuitBreakers\.db/);
  });
});
