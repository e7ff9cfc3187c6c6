import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Scope,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { ContextIdFactory, ModuleRef, REQUEST, type ContextId, type HostComponentInfo } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { CircuitBreaker, CircuitBreakerRegistry, Retryable } from 'nestjs-selfheal';
import { EventRecorder, ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { Applications, AT_ONCE, Backend, type World } from '../../../support/nest-applications.js';

/** Follows the script `F,F,S`, one for each application. */
@Injectable()
class Upstream extends Backend {
  constructor() {
    super('F,F,S');
  }
}

/** What all hosts have in common: a decorated method of their own class. */
interface Asking {
  ask(): Promise<string>;
}

@Injectable()
class Singleton implements Asking {
  constructor(@Inject(Upstream) private readonly upstream: Upstream) {}

  @Retryable(AT_ONCE)
  async ask(): Promise<string> {
    return this.upstream.next();
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest implements Asking {
  constructor(@Inject(Upstream) private readonly upstream: Upstream) {}

  @Retryable(AT_ONCE)
  async ask(): Promise<string> {
    return this.upstream.next();
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient implements Asking {
  constructor(@Inject(Upstream) private readonly upstream: Upstream) {}

  @Retryable(AT_ONCE)
  async ask(): Promise<string> {
    return this.upstream.next();
  }
}

@Injectable()
class TransientConsumer implements Asking {
  constructor(@Inject(Transient) private readonly transient: Transient) {}

  ask(): Promise<string> {
    return this.transient.ask();
  }
}

@Injectable({ scope: Scope.REQUEST })
class Tenant {}

@Injectable()
class ScopedByDependency implements Asking {
  constructor(
    @Inject(Upstream) private readonly upstream: Upstream,
    @Inject(Tenant) readonly tenant: Tenant,
  ) {}

  @Retryable(AT_ONCE)
  async ask(): Promise<string> {
    return this.upstream.next();
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable implements Asking {
  constructor(@Inject(Upstream) private readonly upstream: Upstream) {}

  @Retryable(AT_ONCE)
  async ask(): Promise<string> {
    return this.upstream.next();
  }
}

@Injectable()
class Guard implements CanActivate {
  constructor(@Inject(Upstream) private readonly upstream: Upstream) {}

  @Retryable(AT_ONCE)
  async canActivate(_context: ExecutionContext): Promise<boolean> {
    return this.upstream.next() === 'S';
  }
}

@Controller()
class Handlers {
  constructor(@Inject(Upstream) private readonly upstream: Upstream) {}

  @Get('handler')
  @Retryable(AT_ONCE)
  async handler(): Promise<string> {
    return this.upstream.next();
  }

  @Get('guarded')
  @UseGuards(Guard)
  guarded(): string {
    return 'S';
  }
}

/** An injected property besides the one that the decorators ask for, in a class that inherits its method. */
@Injectable()
class WithProperties extends Singleton {
  @Inject(Tenant) readonly tenant: Tenant | undefined;
}

@Injectable()
class Maker {
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  make(): Promise<Asking> {
    return this.moduleRef.create(Singleton);
  }
}

const PROVIDERS = [
  Maker,
  Upstream,
  Singleton,
  PerRequest,
  Transient,
  TransientConsumer,
  Tenant,
  ScopedByDependency,
  Durable,
  WithProperties,
];

function expectWired({ get, events }: World, value: unknown): void {
  expect(value).toBe('S');
  expect(get(Upstream).runs).toBe(3);
  expect(events.counts()).toEqual({ 'retry.scheduled': 2, 'retry.recovered': 1 });
}

describe('every kind of host', () => {
  const applications = new Applications();

  it.each<[string, (world: World) => Promise<Asking>]>([
    ['a singleton', async ({ get }) => get(Singleton)],
    ['a request-scoped provider', ({ app }) => app.resolve(PerRequest)],
    ['a transient provider', ({ app }) => app.resolve(Transient)],
    ['a transient provider of a singleton', async ({ get }) => get(TransientConsumer)],
    ['a provider scoped by a dependency', ({ app }) => app.resolve(ScopedByDependency)],
    ['an instance of moduleRef.create()', ({ get }) => get(Maker).make()],
    ['a durable provider', ({ app }) => app.resolve(Durable)],
    ['a class with injected properties of its own', ({ app }) => app.resolve(WithProperties)],
  ])('NI-01: %s is wired', async (_, hostIn) => {
    const world = await applications.start({ providers: PROVIDERS });

    const host = await hostIn(world);

    expectWired(world, await host.ask());
  });

  it.each(['handler', 'guarded'])('NI-01: a controller and a guard are wired (%s)', async (path) => {
    const world = await applications.listen('Express', { providers: [Upstream], controllers: [Handlers] });

    const answer = await fetch(`${world.address}/${path}`);

    expectWired(world, await answer.text());
  });

  it('NI-01: a durable provider is wired in each of its trees', async () => {
    const trees = new Map<string, ContextId>();
    ContextIdFactory.apply({
      attach: (contextId: ContextId, { tenant }: { readonly tenant: string }) => {
        const tree = trees.get(tenant) ?? ContextIdFactory.create();
        trees.set(tenant, tree);
        return (info: HostComponentInfo) => (info.isTreeDurable ? tree : contextId);
      },
    });
    const world = await applications.start({ providers: PROVIDERS });
    const hosts = await Promise.all(
      ['red', 'blue', 'red'].map((tenant) =>
        world.app.resolve(Durable, ContextIdFactory.getByRequest({ tenant })),
      ),
    );

    await Promise.all(hosts.map((host) => host.ask()));

    expect(new Set(hosts).size).toBe(2);
    expect(world.events.of('retry.recovered').length).toBeGreaterThan(0);
  });

  it('is not seen on the instances', async () => {
    class Plain {
      readonly amount = 1;

      @Retryable(AT_ONCE)
      async charge(): Promise<number> {
        return this.amount;
      }
    }
    const { get } = await applications.start({ providers: [Plain] });
    const host = get(Plain);
    await host.charge();

    expect(Object.keys(host)).toEqual(['amount']);
    expect(Object.getOwnPropertySymbols({ ...host })).toEqual([]);
    expect(JSON.stringify(host)).toBe('{"amount":1}');
    expect(structuredClone(host)).toEqual({ amount: 1 });
    expect(host).toEqual(new Plain());
    expect(host).toStrictEqual(new Plain());
  });

  it('is found through a proxy around an instance', async () => {
    const world = await applications.start({ providers: PROVIDERS });
    const proxy = new Proxy(world.get(Singleton), {});

    expectWired(world, await proxy.ask());
  });

  it('is found where a constructor freezes its instance, or hands out a proxy of it', async () => {
    @Injectable()
    class Frozen extends Singleton {
      constructor(@Inject(Upstream) upstream: Upstream) {
        super(upstream);
        Object.freeze(this);
      }
    }
    @Injectable()
    class Proxied extends Singleton {
      constructor(@Inject(Upstream) upstream: Upstream) {
        super(upstream);
        return new Proxy(this, {});
      }
    }
    const world = await applications.start({ providers: [Upstream, Frozen, Proxied] });

    expectWired(world, await world.get(Frozen).ask());
    await world.get(Proxied).ask();
    expect(world.get(Upstream).runs).toBe(4);
  });
});

describe('callers', () => {
  const applications = new Applications();

  @Injectable({ scope: Scope.REQUEST })
  class WhoAmI {
    private runs = 0;

    constructor(@Inject(REQUEST) private readonly request: { readonly headers: Record<string, string> }) {}

    @Retryable(AT_ONCE)
    @CircuitBreaker({ failureThreshold: false, failureRateThreshold: false })
    async name(): Promise<string | undefined> {
      this.runs += 1;
      if (this.runs === 1) throw Object.assign(new Error('once more'), { status: 503 });
      return this.request.headers['x-user'];
    }
  }

  @Controller()
  class WhoController {
    constructor(@Inject(WhoAmI) private readonly who: WhoAmI) {}

    @Get()
    name(): Promise<string | undefined> {
      return this.who.name();
    }
  }

  const asker = (address: string) => (user: string) =>
    fetch(address, { headers: { 'x-user': user } }).then((answer) => answer.text());

  it('NI-02: each request reads its own header', async () => {
    const metadata = { providers: [WhoAmI], controllers: [WhoController] };
    const { address } = await applications.listen('Express', metadata);
    const ask = asker(address);
    const crowd = Array.from({ length: 20 }, (_each, index) => `user-${index}`);

    const inTurn = [await ask('alice'), await ask('bob'), await ask('carol')];
    const atOnce = await Promise.all(crowd.map(ask));

    expect(inTurn).toEqual(['alice', 'bob', 'carol']);
    expect(atOnce).toEqual(crowd);
  });

  it('NI-03: each call gets the answer to its own arguments', async () => {
    class Users {
      @Retryable(AT_ONCE)
      @CircuitBreaker('db')
      async get(id: number): Promise<string> {
        return `user ${id}`;
      }
    }
    class Orders {
      @Retryable(AT_ONCE)
      @CircuitBreaker('db')
      async get(id: number): Promise<string> {
        return `order ${id}`;
      }
    }
    const { get } = await applications.start({ providers: [Users, Orders] });

    const answers = [await get(Users).get(1), await get(Users).get(2), await get(Orders).get(9)];

    expect(answers).toEqual(['user 1', 'user 2', 'order 9']);
  });

  it.each<[string, Type<Asking>]>([
    ['a singleton', Singleton],
    ['a consumer of a transient provider', TransientConsumer],
  ])('NI-04: after compile() alone, %s has the options of the module', async (_, host) => {
    class Once extends Backend {
      constructor() {
        super('F');
      }
    }
    const module = await Test.createTestingModule({
      imports: [
        ResilienceTestingModule.forRoot({ overrides: { 'Singleton.ask': { retry: { maxAttempts: 2 } } } }),
      ],
      providers: [{ provide: Upstream, useClass: Once }, Singleton, Transient, TransientConsumer],
    }).compile();
    applications.keep(module);

    await expect(module.get(host).ask()).rejects.toMatchObject({ message: expect.any(String) });

    expect(module.get(Upstream).runs).toBe(host === Singleton ? 2 : 3);
    expect(module.get(EventRecorder).of('retry.gave-up')).toHaveLength(1);
    expect(module.get(CircuitBreakerRegistry).names()).toEqual([]);
  });
});
