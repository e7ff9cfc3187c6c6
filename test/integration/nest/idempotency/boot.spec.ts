import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Post, Res, Sse, type Type } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Observable, of } from 'rxjs';
import { Idempotent, IdempotencyService, InvalidOptionsError, ResilienceExplorer } from 'nestjs-selfheal';
import { Applications, outcomeOf } from '../../../support/nest-applications.js';

const key = (id: string): string => id;

@Injectable()
class Keyless {
  @Idempotent()
  async place(): Promise<void> {}
}

@Controller()
class KeylessHandler {
  @MessagePattern('place')
  @Idempotent()
  async place(): Promise<void> {}
}

@Injectable()
class Nothing {
  @Idempotent(null as never)
  async place(): Promise<void> {}
}

@Controller()
class FromHeader {
  @Idempotent()
  @Post()
  async place(): Promise<void> {}
}

@Controller()
class Endless {
  @Sse()
  @Idempotent({ key: () => 'k' })
  watch(): Observable<{ data: string }> {
    return of({ data: '' });
  }
}

@Controller()
class OwnAnswer {
  @Get()
  @Idempotent({ key: () => 'k' })
  async show(@Res() response: { end(): void }): Promise<void> {
    response.end();
  }
}

@Injectable()
class ShortLease {
  @Idempotent({ key, lease: 99 })
  async place(id: string): Promise<string> {
    return id;
  }
}

@Injectable()
class OneName {
  @Idempotent({ key, operation: 'orders.create' })
  async place(id: string): Promise<string> {
    return id;
  }

  @Idempotent({ key, operation: 'orders.create' })
  async create(id: string): Promise<string> {
    return id;
  }
}

function classNamedOrders(): Type {
  @Injectable()
  class Orders {
    @Idempotent({ key })
    async place(id: string): Promise<string> {
      return id;
    }
  }
  return Orders;
}

@Injectable()
class Hidden {
  @Idempotent({ key })
  watch(id: string) {
    runs += 1;
    return of(id);
  }
}

let runs = 0;

describe('the boot of guarded methods', () => {
  const applications = new Applications();
  const refusalOf = async (...classes: Type[]): Promise<string> => {
    const isController = classes.some((each) => Reflect.hasMetadata('path', each));
    const metadata = isController ? { controllers: classes } : { providers: classes };
    const { error } = await outcomeOf(() => applications.start(metadata));
    expect(error).toBeInstanceOf(InvalidOptionsError);
    return (error as Error).message;
  };

  it.each([
    [Keyless, /Keyless\.place.*`?key`? must be a function of the arguments/],
    [KeylessHandler, /KeylessHandler\.place.*`?key`? must be a function of the arguments/],
    [Nothing, /Nothing\.place.*must be an object/],
    [FromHeader, /FromHeader\.place.*scope.*a function of \{ request \}.*'shared'/],
    [Endless, /Endless\.watch.*must end/],
    [OwnAnswer, /OwnAnswer\.show.*@Res\(\)/],
    [ShortLease, /ShortLease\.place.*lease.*at least 100 ms/],
  ])('NI-55: stops for %p, naming the method and the remedy', async (place, message) => {
    expect(await refusalOf(place as Type)).toMatch(message);
  });

  it('stops for two methods that are stored under one text, naming both', async () => {
    const message = await refusalOf(OneName);

    expect(message).toMatch(/OneName\.place/);
    expect(message).toMatch(/OneName\.create/);
    expect(message).toMatch(/state `operation`/);
  });

  it('stops for two classes of one name', async () => {
    expect(await refusalOf(classNamedOrders(), classNamedOrders())).toMatch(
      /Orders\.place.*state `operation`/,
    );
  });

  it('stops for options of the module that cannot be meant', async () => {
    const of = (idempotency: object) => outcomeOf(() => applications.start({}, { idempotency }));

    expect((await of({ store: {} })).error).toBeInstanceOf(InvalidOptionsError);
    expect((await of({ ttl: 999 })).error).toBeInstanceOf(InvalidOptionsError);
    expect((await of({ leese: 999 })).error).toBeInstanceOf(InvalidOptionsError);
    const overrides = { 'Orders.place': { idempotent: false } } as never;
    const { error } = await outcomeOf(() => applications.start({}, { overrides }));
    expect((error as Error).message).toMatch(/cannot be taken away/);
  });

  it('refuses a stream that only the first call shows, now and later', async () => {
    const { get } = await applications.start({ providers: [Hidden] });

    const first = await outcomeOf(() => get(Hidden).watch('a'));
    const second = await outcomeOf(
      () =>
        new Promise((resolve, reject) => get(Hidden).watch('a').subscribe({ next: resolve, error: reject })),
    );
    const record = await get(IdempotencyService).inspect({ operation: 'Hidden.watch', key: 'a' });

    expect(first.error).toBeInstanceOf(InvalidOptionsError);
    expect((first.error as Error).message).toMatch(/Hidden\.watch.*state `Observable` as its return type/);
    expect(second.error).toBeInstanceOf(InvalidOptionsError);
    expect(runs).toBe(1);
    expect(record?.state).toBe('released');
  });

  it('describes a guarded method with its operation, module and override laid over it', async () => {
    const Orders = classNamedOrders();
    const { get } = await applications.start(
      { providers: [Orders] },
      {
        idempotency: { ttl: '1h', lease: '5s' },
        overrides: { 'Orders.place': { idempotent: { lease: '7s' } } },
      },
    );

    const described = get(ResilienceExplorer)
      .describe()
      .find(({ operation, wired }) => operation === 'Orders.place' && wired);

    expect(described?.pipeline).toEqual(['idempotent']);
    expect(described?.options).toMatchObject({
      idempotent: { operation: 'Orders.place', ttlMs: 3_600_000, leaseMs: 7_000 },
    });
  });

  it('warns of the memory store in production, and tells what a store has to tell', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      await applications.start({ providers: [classNamedOrders()] }, { logger: true });
    } finally {
      process.env['NODE_ENV'] = before;
    }

    expect(applications.lines.lines.join('\n')).toMatch(/keeps its records in memory/);
  });
});
