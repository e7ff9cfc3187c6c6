import { describe, expect, it } from '@jest/globals';
import {
  All,
  Controller,
  Get,
  Inject,
  Injectable,
  Patch,
  Post,
  Put,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { CircuitBreaker, Retryable } from 'nestjs-selfheal';
import { defer, retry, type Observable } from 'rxjs';
import {
  Applications,
  AT_ONCE,
  Backend,
  type Platform,
  type World,
} from '../../../support/nest-applications.js';

/** A foreign decorator that replaces the method, and drops everything that hung on it. */
const Replaced: MethodDecorator = (_target, _name, descriptor) => {
  const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
  const replaced = function (this: unknown, ...args: unknown[]): unknown {
    return method.apply(this, args);
  };
  Object.assign(descriptor, { value: replaced });
};

@Injectable()
class Ledger {
  readonly backend = new Backend('F,F,S');

  @Retryable(AT_ONCE)
  async book(): Promise<string> {
    return this.backend.next();
  }
}

class BasePayments {
  readonly backend = new Backend('F,F,S');

  constructor(@Inject(Ledger) readonly ledger: Ledger) {}

  @Retryable(AT_ONCE)
  async pay(): Promise<string> {
    return this.backend.next();
  }
}

class Resubscribing implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(retry(1));
  }
}

@Controller()
class Payments extends BasePayments {
  @Retryable(AT_ONCE)
  @Post('above')
  async above(): Promise<string> {
    return this.backend.next();
  }

  @Post('below')
  @Retryable(AT_ONCE)
  async below(): Promise<string> {
    return this.backend.next();
  }

  @Post('stream')
  @Retryable(AT_ONCE)
  stream(): Observable<string> {
    return defer(() => this.backend.ask());
  }

  @Post('replaced')
  @Replaced
  @Retryable(AT_ONCE)
  async replaced(): Promise<string> {
    return this.backend.next();
  }

  @Post('between')
  @Retryable(AT_ONCE)
  @Replaced
  @CircuitBreaker('inside')
  async between(): Promise<string> {
    return this.backend.next();
  }

  @Post('inherited')
  override async pay(): Promise<string> {
    return super.pay();
  }

  @Post('allowed')
  @Retryable({ ...AT_ONCE, retryUnsafe: true })
  async allowed(): Promise<string> {
    return this.backend.next();
  }

  @Post('twice')
  @UseInterceptors(Resubscribing)
  @Retryable(AT_ONCE)
  async twice(): Promise<string> {
    return this.backend.next();
  }

  @Post('calls')
  @Retryable(AT_ONCE)
  async calls(): Promise<string> {
    return this.ledger.book();
  }

  @All('any')
  @Retryable(AT_ONCE)
  async any(): Promise<string> {
    return this.backend.next();
  }

  @Get('read')
  @Retryable(AT_ONCE)
  async read(): Promise<string> {
    return this.backend.next();
  }

  @Put('replace')
  @Retryable(AT_ONCE)
  async replace(): Promise<string> {
    return this.backend.next();
  }

  @Patch('change')
  @Retryable(AT_ONCE)
  async change(): Promise<string> {
    return this.backend.next();
  }
}

const METADATA = { controllers: [Payments], providers: [Ledger] };

describe.each<Platform>(['Express', 'Fastify'])('on %s a retried handler', (platform) => {
  const applications = new Applications();

  async function runsFor(method: string, path: string, key?: string): Promise<number> {
    const world = await applications.listen(platform, METADATA);
    const headers = key === undefined ? {} : { 'Idempotency-Key': key };
    await fetch(`${world.address}/${path}`, { method, headers });
    return world.get(Payments).backend.runs;
  }

  it.each([
    ['POST', 'above'],
    ['POST', 'below'],
    ['POST', 'stream'],
    ['POST', 'replaced'],
    ['POST', 'between'],
    ['POST', 'inherited'],
    ['POST', 'any'],
    ['PATCH', 'any'],
    ['PATCH', 'change'],
  ])('is not run again for %s %s without a key, and is with one', async (method, path) => {
    expect(await runsFor(method, path)).toBe(1);
    expect(await runsFor(method, path, '  ')).toBe(1);
    expect(await runsFor(method, path, 'k-1')).toBe(3);
  });

  it.each([
    ['GET', 'read'],
    ['PUT', 'replace'],
    ['GET', 'any'],
    ['DELETE', 'any'],
    ['POST', 'allowed'],
  ])('is run again for %s %s', async (method, path) => {
    expect(await runsFor(method, path)).toBe(3);
  });

  it('begins anew where an interceptor subscribes again, and is not run again in it', async () => {
    expect(await runsFor('POST', 'twice')).toBe(2);
  });

  it('is judged apart from the services that it calls', async () => {
    const world = await applications.listen(platform, METADATA);

    const answer = await fetch(`${world.address}/calls`, { method: 'POST' });

    expect(await answer.text()).toBe('S');
    expect(world.get(Ledger).backend.runs).toBe(3);
  });

  it('is judged alike when many requests come at once', async () => {
    const world = await applications.listen(platform, METADATA);
    const send = (path: string, method: string) => fetch(`${world.address}/${path}`, { method });

    const answers = await Promise.all([send('calls', 'POST'), send('above', 'POST'), send('read', 'GET')]);

    expect(answers.map(({ status }) => status)).toEqual([201, 500, 200]);
  });
});

describe('routes that nothing retries', () => {
  const applications = new Applications();

  @Controller()
  class Plain {
    @Post('plain')
    plain(): string {
      return 'S';
    }

    @Post('retried')
    @Retryable(AT_ONCE)
    async retried(): Promise<string> {
      return 'S';
    }
  }

  const interceptorsIn = ({ get }: World) => get(ApplicationConfig).getGlobalInterceptors();

  it('have no interceptor of ours', async () => {
    const world = await applications.start({ controllers: [Plain] });

    expect(interceptorsIn(world)).toEqual([]);
  });

  it('have one where a foreign decorator hides a retried handler of the application', async () => {
    const world = await applications.start({ controllers: [Plain, Payments], providers: [Ledger] });

    expect(interceptorsIn(world)).toHaveLength(1);
  });
});
