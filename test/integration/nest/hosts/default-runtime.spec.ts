import { beforeEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CallContext,
  CircuitBreaker,
  CircuitBreakerRegistry,
  InvalidOptionsError,
  RateLimiter,
  Retryable,
} from 'nestjs-selfheal';
import { EventRecorder, resetDefaultRuntime, ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { ResilienceRuntime } from '../../../../lib/nest/index.js';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';
import { NestLog, recordLog } from '../../../support/nest-log.js';

class PaymentsService {
  readonly backend = new Backend('F,F,S,F,F,S');

  @Retryable(AT_ONCE)
  async charge(): Promise<string> {
    return this.backend.next();
  }

  @Retryable({ maxAttempts: 0 })
  async refund(): Promise<string> {
    return this.backend.next();
  }

  @Retryable({ ...AT_ONCE, name: 'only a module knows' })
  @CircuitBreaker('db')
  async named(): Promise<string> {
    return this.backend.next();
  }

  @RateLimiter('nobody says how many')
  async limited(): Promise<string> {
    return this.backend.next();
  }
}

beforeEach(() => resetDefaultRuntime());

describe('instances that Nest never saw', () => {
  const applications = new Applications();

  it('NI-09: follow their plan on the default runtime, and one warning tells of it', async () => {
    const { events } = await applications.start({});
    const log = recordLog();
    const payments = new PaymentsService();

    expect(await payments.charge()).toBe('S');

    expect(payments.backend.runs).toBe(3);
    expect(events.all).toEqual([]);
    expect(log.of('warn')).toEqual([expect.stringMatching(/PaymentsService\.charge.*let Nest make/)]);
  });

  it('NI-09: warns once, and anew after resetDefaultRuntime()', async () => {
    await applications.start({});
    const log = recordLog();
    await new PaymentsService().charge();
    const others = [new PaymentsService(), new PaymentsService()];
    for (const each of [...others, ...others]) await each.charge();
    expect(log.of('warn')).toHaveLength(1);

    resetDefaultRuntime();
    await others[0]?.charge();

    expect(log.of('warn')).toHaveLength(2);
  });

  it('NI-09: reject the first call of a method with a bad option', async () => {
    recordLog();
    const payments = new PaymentsService();

    await expect(payments.refund()).rejects.toThrow(InvalidOptionsError);
    await expect(payments.refund()).rejects.toThrow(/^PaymentsService\.refund: retry\.maxAttempts/);
    expect(payments.backend.runs).toBe(0);
  });

  it('NI-10: an application without the module works by the defaults, and one warning names it', async () => {
    const log = recordLog();
    const module = applications.keep(
      await Test.createTestingModule({ providers: [PaymentsService] })
        .setLogger(log)
        .compile(),
    );
    await module.init();
    const payments = module.get(PaymentsService);

    const answers = [await payments.charge(), await payments.charge()];

    expect(answers).toEqual(['S', 'S']);
    expect(payments.backend.runs).toBe(6);
    expect(log.of('warn')).toEqual([expect.stringContaining('ResilienceModule.forRoot')]);
  });

  it('have the defaults for names that only a module could configure, and no more', async () => {
    recordLog();
    const payments = new PaymentsService();

    expect(await payments.named()).toBe('S');
    await expect(payments.limited()).rejects.toThrow(/PaymentsService\.limited.*limit/);
    expect(payments.backend.runs).toBe(3);
  });

  it('share a named breaker among themselves, and with no application', async () => {
    recordLog();
    class Client {
      @CircuitBreaker('db')
      async ask(): Promise<string> {
        throw Object.assign(new Error('down'), { status: 503 });
      }
    }
    const { get } = await applications.start({ providers: [Client] });
    for (let call = 0; call < 5; call += 1) await outcomeOf(() => new Client().ask());

    const stranded = await outcomeOf(() => new Client().ask());
    const hosted = await outcomeOf(() => get(Client).ask());

    expect(stranded.error).toMatchObject({ code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN' });
    expect(hosted.error).toMatchObject({ status: 503 });
    expect(get(CircuitBreakerRegistry).get('db').state).toBe('closed');
  });
});

describe('calls without an instance', () => {
  const applications = new Applications();

  it('run a static method and a detached one by their plans', async () => {
    recordLog();
    const backend = new Backend('F,F,S');
    class Tools {
      @Retryable(AT_ONCE)
      static async ask(@CallContext() call?: CallContext): Promise<string> {
        expect(call?.operation).toBe('Tools.ask');
        return backend.next();
      }

      @Retryable(AT_ONCE)
      async detached(this: void): Promise<string> {
        return new Backend('S').next();
      }
    }
    const { events } = await applications.start({ providers: [Tools] });
    const { detached } = Tools.prototype;

    expect(await Tools.ask()).toBe('S');
    expect(await detached()).toBe('S');

    expect(backend.runs).toBe(3);
    expect(events.all).toEqual([]);
  });

  it('declare no injection for a static method', async () => {
    class Tools {
      @Retryable(AT_ONCE)
      static async ask(): Promise<string> {
        return 'S';
      }
    }

    expect(Reflect.getMetadataKeys(Function)).toEqual([]);
    expect(Reflect.ownKeys(Tools.prototype)).toEqual(['constructor']);
  });

  it('run a call inside a constructor, and the application has the rest', async () => {
    const log = new NestLog();
    const backend = new Backend('F,F,S,F,F,S');
    @Injectable()
    class Eager {
      readonly first: Promise<string>;

      constructor() {
        this.first = this.ask();
      }

      @Retryable(AT_ONCE)
      async ask(): Promise<string> {
        return backend.next();
      }
    }
    const imports = [ResilienceTestingModule.forRoot()];
    const building = Test.createTestingModule({ imports, providers: [Eager] }).setLogger(log);
    const module = applications.keep(await building.compile());
    const [eager, events] = [module.get(Eager), module.get(EventRecorder)];
    expect(await eager.first).toBe('S');
    expect(events.all).toEqual([]);

    expect(await eager.ask()).toBe('S');

    expect(backend.runs).toBe(6);
    expect(events.of('retry.recovered')).toHaveLength(1);
    expect(log.of('warn')).toHaveLength(1);
  });
});

describe('what is no runtime of this package', () => {
  const applications = new Applications();

  @Injectable()
  class Shop {
    readonly backend = new Backend('F,F,S');

    constructor(@Inject('whatever') readonly other: unknown) {}

    @Retryable(AT_ONCE)
    async buy(): Promise<string> {
      return this.backend.next();
    }
  }

  const mock = (): unknown =>
    new Proxy({}, { get: (_target, key) => (key === 'then' ? undefined : () => 0) });

  it('is not used where useMocker answers for everything', async () => {
    recordLog();
    const bare = await Test.createTestingModule({ providers: [Shop] })
      .useMocker(mock)
      .compile();
    const root = ResilienceTestingModule.forRoot();
    const full = await Test.createTestingModule({ imports: [root], providers: [Shop] })
      .useMocker(mock)
      .compile();
    for (const module of [bare, full]) await applications.keep(module).init();

    for (const module of [bare, full]) {
      expect(await module.get(Shop).buy()).toBe('S');
      expect(module.get(Shop).backend.runs).toBe(3);
    }
  });

  it.each<[string, Provider[]]>([
    ['a mock', [{ provide: ResilienceRuntime, useFactory: mock }]],
    ['an object of the same shape', [{ provide: ResilienceRuntime, useValue: { dispatcherOf: () => 0 } }]],
    ['nothing', [{ provide: ResilienceRuntime, useValue: undefined }]],
  ])('is not used where it is provided in its place: %s', async (_, providers) => {
    recordLog();
    const module = applications.keep(
      await Test.createTestingModule({
        providers: [...providers, Shop, { provide: 'whatever', useValue: 1 }],
      }).compile(),
    );
    await module.init();

    expect(await module.get(Shop).buy()).toBe('S');
    expect(module.get(Shop).backend.runs).toBe(3);
  });
});
