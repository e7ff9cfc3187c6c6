import { describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Scope, type DynamicModule, type Type } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { Cron, Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Retryable } from 'nestjs-selfheal';
import { EventRecorder, ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { Applications, AT_ONCE, Backend } from '../../../support/nest-applications.js';

const NEVER = '0 0 1 1 *';

/** Ends when the third run has come; whatever calls it comes from outside. */
class Awaited extends Backend {
  private done: () => void = () => undefined;
  readonly third = new Promise<void>((resolve) => {
    this.done = resolve;
  });

  override next(): string {
    const outcome = this.runs === 2 ? this.done : () => undefined;
    outcome();
    return super.next();
  }
}

@Injectable()
class Above {
  readonly backend = new Awaited('F,F,S');

  @Retryable(AT_ONCE)
  @Interval('interval', 1)
  async interval(): Promise<string> {
    return this.backend.next();
  }

  @Retryable(AT_ONCE)
  @Cron(NEVER, { name: 'cron' })
  async cron(): Promise<string> {
    return this.backend.next();
  }

  @Retryable(AT_ONCE)
  @OnEvent('paid', { async: true, promisify: true })
  async event(): Promise<string> {
    return this.backend.next();
  }
}

@Injectable()
class Below {
  readonly backend = new Awaited('F,F,S');

  @Interval('interval', 1)
  @Retryable(AT_ONCE)
  async interval(): Promise<string> {
    return this.backend.next();
  }

  @Cron(NEVER, { name: 'cron' })
  @Retryable(AT_ONCE)
  async cron(): Promise<string> {
    return this.backend.next();
  }

  @OnEvent('paid', { async: true, promisify: true })
  @Retryable(AT_ONCE)
  async event(): Promise<string> {
    return this.backend.next();
  }
}

const SCOPED_RUNS = new Backend('F,F,S');

@Injectable({ scope: Scope.REQUEST })
class ScopedListener {
  @OnEvent('scoped', { async: true, promisify: true, suppressErrors: false })
  @Retryable(AT_ONCE)
  async event(): Promise<string> {
    return SCOPED_RUNS.next();
  }
}

const CLASSES: readonly [string, Type<Above>][] = [
  ['above', Above],
  ['below', Below],
];

const TRIGGERS: readonly [string, (module: TestingModule) => Promise<unknown> | void][] = [
  ['@Interval', () => undefined],
  ['@Cron', (module) => module.get(SchedulerRegistry).getCronJob('cron').fireOnTick()],
  ['@OnEvent', (module) => module.get(EventEmitter2).emitAsync('paid')],
];

const CASES = TRIGGERS.flatMap(([trigger, fire]) =>
  CLASSES.flatMap(([place, host]) =>
    ['before', 'after'].map((order) => ({ trigger, fire, place, host, order })),
  ),
);

describe('listeners and jobs', () => {
  const applications = new Applications();

  async function start(host: Type<unknown>, order: string): Promise<TestingModule> {
    const ours = ResilienceTestingModule.forRoot();
    const theirs: DynamicModule[] = [ScheduleModule.forRoot(), EventEmitterModule.forRoot()];
    const imports = order === 'before' ? [ours, ...theirs] : [...theirs, ours];
    const module = await Test.createTestingModule({ imports, providers: [host] }).compile();
    return applications.keep(await module.init());
  }

  it.each(CASES)('NI-17: $trigger, $place ours, imported $order', async ({ trigger, fire, host, order }) => {
    const module = await start(host, order);
    if (trigger !== '@Interval') module.get(SchedulerRegistry).deleteInterval('interval');
    const { backend } = module.get(host);

    await fire(module);
    await backend.third;
    if (trigger === '@Interval') module.get(SchedulerRegistry).deleteInterval('interval');

    expect(backend.runs).toBeGreaterThanOrEqual(3);
    expect(module.get(EventRecorder).kinds.slice(0, 2)).toEqual(['retry.scheduled', 'retry.scheduled']);
  });

  it('NI-17: @OnEvent on a request-scoped class', async () => {
    const module = await start(ScopedListener, 'before');

    await module.get(EventEmitter2).emitAsync('scoped');

    expect(SCOPED_RUNS.runs).toBe(3);
    expect(module.get(EventRecorder).of('retry.recovered')).toHaveLength(1);
  });
});

/** In the way of Bull: metadata on the function, looked up on the instance, `length` inspected. */
const PROCESS = 'process';
const Process: MethodDecorator = (_target, _name, descriptor) => {
  Reflect.defineMetadata(PROCESS, true, descriptor.value as object);
};

const isCallbackStyle = (fn: { readonly length: number }): boolean => fn.length > 1;

@Controller()
@WebSocketGateway({ port: 0, path: '/never' })
class Patterns {
  readonly backend = new Backend('F,F,S');

  @Retryable(AT_ONCE)
  @MessagePattern('ask')
  async messageAbove(data: string): Promise<string> {
    return `${data} ${this.backend.next()}`;
  }

  @MessagePattern('ask')
  @Retryable(AT_ONCE)
  async messageBelow(data: string): Promise<string> {
    return `${data} ${this.backend.next()}`;
  }

  @Retryable(AT_ONCE)
  @EventPattern('happened')
  async eventAbove(data: string): Promise<string> {
    return `${data} ${this.backend.next()}`;
  }

  @EventPattern('happened')
  @Retryable(AT_ONCE)
  async eventBelow(data: string): Promise<string> {
    return `${data} ${this.backend.next()}`;
  }

  @Retryable(AT_ONCE)
  @SubscribeMessage('say')
  async socketAbove(data: string): Promise<string> {
    return `${data} ${this.backend.next()}`;
  }

  @SubscribeMessage('say')
  @Retryable(AT_ONCE)
  async socketBelow(data: string): Promise<string> {
    return `${data} ${this.backend.next()}`;
  }

  @Retryable(AT_ONCE)
  @Process
  async jobAbove(data: string): Promise<string> {
    return `${data} ${this.backend.next()}`;
  }

  @Process
  @Retryable(AT_ONCE)
  async jobBelow(data: string): Promise<string> {
    return `${data} ${this.backend.next()}`;
  }
}

describe('handlers that others look for', () => {
  const applications = new Applications();
  const KEYS = ['microservices:pattern', 'microservices:handler_type', 'message', PROCESS];

  it.each([
    ['messageAbove', 'messageBelow'],
    ['eventAbove', 'eventBelow'],
    ['socketAbove', 'socketBelow'],
    ['jobAbove', 'jobBelow'],
  ] as const)('NI-18: %s and %s are found, and wired', async (above, below) => {
    const { get, events } = await applications.start({ providers: [Patterns] });
    const metadataOf = (name: typeof above | typeof below) =>
      KEYS.map((key): unknown => Reflect.getMetadata(key, get(Patterns)[name]));

    expect(await get(Patterns)[above]('a')).toBe('a S');

    expect(metadataOf(above)).toEqual(metadataOf(below));
    expect(metadataOf(above).some((value) => value !== undefined)).toBe(true);
    expect([get(Patterns)[above], get(Patterns)[below]].some(isCallbackStyle)).toBe(false);
    expect(events.of('retry.recovered')).toHaveLength(1);
  });
});

describe('symbol-named methods', () => {
  const applications = new Applications();
  const CHARGE = Symbol('charge');

  @Injectable()
  class Payments {
    readonly backend = new Backend('F,F,S');

    @Retryable(AT_ONCE)
    async [CHARGE](): Promise<string> {
      return this.backend.next();
    }
  }

  @Injectable()
  class Shop {
    constructor(@Inject(Payments) readonly payments: Payments) {}
  }

  it('are wired, under their description', async () => {
    const { get, events } = await applications.start({ providers: [Payments, Shop] });

    expect(await get(Shop).payments[CHARGE]()).toBe('S');

    expect(events.of('retry.recovered')).toMatchObject([{ operation: 'Payments.[charge]' }]);
    expect(get(Payments)[CHARGE].name).toBe('[charge]');
  });
});
