import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Injectable, type PipeTransform, Post, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, INestApplication, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import {
  CallContext,
  type CallContext as Call,
  Idempotent,
  IdempotencyKeyMissingError,
  Retryable,
} from 'nestjs-selfheal';
import type { ResilienceTestingOptions } from 'nestjs-selfheal/testing';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { open, PLATFORMS } from './shop.js';

const applications = new Applications();
let piped: unknown[] = [];
let intercepted = 0;
let logged: unknown[][] = [];

@Injectable()
class Sees implements PipeTransform {
  transform(value: unknown): unknown {
    piped.push(value);
    return value;
  }
}

class Counts implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    intercepted += 1;
    return next.handle();
  }
}

/** Replaces the method, keeps what is known of it and passes on what it is given. */
function Logs() {
  return (_target: object, _member: string, descriptor: PropertyDescriptor): void => {
    const inner = descriptor.value as (...args: unknown[]) => unknown;
    const logging = function (this: unknown, ...args: unknown[]): unknown {
      logged.push(args);
      return inner.apply(this, args);
    };
    for (const key of Reflect.getMetadataKeys(inner)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, inner), logging);
    }
    descriptor.value = logging;
  };
}

class Base {
  @Idempotent({ scope: 'shared' })
  @Post('inherited')
  async inherited(@Body() body: unknown, ...others: unknown[]): Promise<object> {
    return { body, others };
  }

  @Idempotent({ scope: 'shared' })
  @Post('overridden')
  async overridden(@Body() body: unknown): Promise<object> {
    return { body };
  }

  @Idempotent({ scope: 'shared' })
  @Post('spread')
  async spread(@Body() body: unknown): Promise<object> {
    return { body };
  }
}

@Controller()
class Orders extends Base {
  @Post('overridden')
  override async overridden(body: unknown, isTrial: unknown = 'no'): Promise<object> {
    return { body, isTrial };
  }

  @Post('spread')
  override async spread(...all: [body: unknown]): Promise<object> {
    return { all };
  }

  @Idempotent({ scope: 'shared' })
  @Post('none')
  async none(...all: unknown[]): Promise<object> {
    return { all };
  }

  @Post('rest')
  @Idempotent({ scope: 'shared' })
  async rest(@Body() body: unknown, ...others: unknown[]): Promise<object> {
    return { body, others };
  }

  @UseInterceptors(Counts)
  @Retryable({ maxAttempts: 2, retryUnsafe: true, backoff: { type: 'fixed', initialDelay: 0 } })
  @Idempotent({ scope: 'shared' })
  @Post('context')
  async context(@Body() body: unknown, @CallContext() call: Call): Promise<object> {
    if (call.attempt === 1) throw Object.assign(new Error('not yet'), { status: 503 });
    return { body, attempt: call.attempt, key: call.idempotency?.key };
  }

  @Post('logged')
  @Logs()
  @Idempotent({ scope: 'shared' })
  async logged(@Body() body: unknown, ...others: unknown[]): Promise<object> {
    return { body, others };
  }

  @Idempotent({ scope: 'shared' })
  @Post('again')
  async again(@Body() body: unknown): Promise<object> {
    const error: unknown = await this.again(body).catch((cause: unknown) => cause);
    return { code: (error as { readonly code?: string }).code };
  }
}

@Controller()
class Wrapped {
  @Idempotent({ scope: 'shared' })
  @Post('wrapped')
  async wrapped(@Body() body: unknown): Promise<object> {
    return { body };
  }
}

/** As libraries do that wrap methods when an application begins; the wrapper passes on what the method declares. */
function wrapLate(): void {
  const descriptor = Object.getOwnPropertyDescriptor(Wrapped.prototype, 'wrapped');
  const original = descriptor?.value as (body: unknown) => unknown;
  const wrapper = function (this: unknown, body: unknown): unknown {
    return original.call(this, body);
  };
  // What is known of the method is known of the wrapper.
  Object.setPrototypeOf(wrapper, original);
  Object.defineProperty(Wrapped.prototype, 'wrapped', { ...descriptor, value: wrapper });
}

describe.each(PLATFORMS)(`what a guarded handler on %s is called with, Nest ${nestMajor}`, (platform) => {
  const openOrders = (options: ResilienceTestingOptions = {}) => {
    [piped, intercepted, logged] = [[], 0, []];
    const any = (app: INestApplication): unknown => app.useGlobalPipes(new Sees());
    return open(applications, platform, { controllers: [Orders] }, { any, options });
  };

  it.each([
    ['none', { all: [] }],
    ['rest', { body: { a: 1 }, others: [] }],
    ['inherited', { body: { a: 1 }, others: [] }],
    ['logged', { body: { a: 1 }, others: [] }],
  ])('%s: its own arguments and nothing else, first and as a replay', async (path, expected) => {
    const shop = await openOrders();

    const first = await shop.send(`/${path}`, { key: 'k', body: { a: 1 } });
    const second = await shop.send(`/${path}`, { key: 'k', body: { a: 1 } });

    expect([first.status, JSON.parse(first.text)]).toEqual([201, expected]);
    expect([second.text, second.isReplay]).toEqual([first.text, true]);
    expect(piped).toEqual(path === 'none' ? [] : [{ a: 1 }]);
    expect(logged).toEqual(path === 'logged' ? [[{ a: 1 }]] : []);
  });

  it('its own arguments every time where an application switches all policies off', async () => {
    const shop = await openOrders({ enabled: false });

    for (let time = 0; time < 3; time += 1) {
      const { status, text } = await shop.send('/rest', { key: 'k', body: { a: 1 } });
      expect([status, JSON.parse(text)]).toEqual([201, { body: { a: 1 }, others: [] }]);
    }
  });

  it('with the call context where it asks for it, in all attempts under one key', async () => {
    const shop = await openOrders();

    const first = await shop.send('/context', { key: 'k', body: { a: 1 } });

    expect(JSON.parse(first.text)).toEqual({ body: { a: 1 }, attempt: 2, key: 'k' });
    expect(intercepted).toBe(1);
  });

  it('nothing more than before where a method that is not guarded has overridden it', async () => {
    const shop = await openOrders();

    const first = await shop.send('/overridden', { body: { a: 1 } });

    const spread = await shop.send('/spread', { body: { a: 1 } });

    expect(JSON.parse(first.text)).toEqual({ body: { a: 1 }, isTrial: 'no' });
    expect(JSON.parse(spread.text)).toEqual({ all: [{ a: 1 }] });
  });

  it('is refused when it calls itself, and needs a key from whoever calls it without a request', async () => {
    const shop = await openOrders();

    const first = await shop.send('/again', { key: 'k', body: { a: 1 } });
    const error: unknown = await shop.app
      .get(Orders)
      .rest({ a: 1 })
      .catch((cause: unknown) => cause);

    expect(JSON.parse(first.text)).toEqual({ code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT' });
    expect(error).toBeInstanceOf(IdempotencyKeyMissingError);
  });

  it('also behind a wrapper that was put in its place after its class was made', async () => {
    wrapLate();
    const shop = await open(applications, platform, { controllers: [Wrapped] });

    const first = await shop.send('/wrapped', { key: 'k', body: { a: 1 } });
    const second = await shop.send('/wrapped', { key: 'k', body: { a: 1 } });

    expect([first.status, JSON.parse(first.text)]).toEqual([201, { body: { a: 1 } }]);
    expect([second.text, second.isReplay]).toEqual([first.text, true]);
  });
});
