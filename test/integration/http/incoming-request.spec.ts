import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  All,
  Controller,
  Get,
  Injectable,
  Module,
  Patch,
  Post,
  Put,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { defer, from, map, mergeMap, of, retry, throwError, type Observable } from 'rxjs';
import { IncomingRequestInterceptor } from '../../../lib/nest/http/incoming-request.interceptor.js';
import { UnsafeRequests } from '../../../lib/nest/http/unsafe-requests.js';
import { addressOf, applicationOn, type Platform } from './mapped-application.js';

const requests = new UnsafeRequests();
const repeating = new Set<unknown>();

/** Marks a handler as one that may be run again, in the way a decorated one is. */
const Repeating: MethodDecorator = (_target, _name, descriptor) => {
  repeating.add(descriptor.value);
};

const isUnsafe = (handler: object) => requests.isUnsafeNow(handler);
const later = () => new Promise((resolve) => setImmediate(resolve));

/** Hands on in a later turn, and subscribes again after an error. */
class LateInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(later()).pipe(
      mergeMap(() => next.handle().pipe(retry({ count: 1, delay: () => from(later()) }))),
    );
  }
}

const BOUND = {};

@Injectable()
class Ledger {
  @Repeating
  async book(): Promise<boolean> {
    await later();
    return isUnsafe(Ledger.prototype.book);
  }
}

@Controller()
class PaymentsController {
  private runs = 0;

  constructor(private readonly ledger: Ledger) {}

  @Repeating
  @Post('above')
  async above() {
    await later();
    return { unsafe: isUnsafe(PaymentsController.prototype.above) };
  }

  @Post('below')
  @Repeating
  below() {
    return { unsafe: isUnsafe(PaymentsController.prototype.below) };
  }

  @Post('stream')
  @Repeating
  stream() {
    const subscribed$ = defer(() => of(isUnsafe(PaymentsController.prototype.stream)));
    return subscribed$.pipe(map((unsafe) => ({ unsafe })));
  }

  @Post('late')
  @Repeating
  @UseInterceptors(LateInterceptor)
  late(): Observable<unknown> {
    const unsafe = isUnsafe(PaymentsController.prototype.late);
    this.runs += 1;
    return this.runs === 1 ? throwError(() => new Error('once more')) : of({ unsafe, runs: this.runs });
  }

  @Post('calls')
  @Repeating
  async calls() {
    return { unsafe: await this.ledger.book() };
  }

  @Post('plain')
  plain() {
    return { unsafe: isUnsafe(PaymentsController.prototype.plain) };
  }

  @UseInterceptors(new IncomingRequestInterceptor(requests, () => new Set([BOUND])))
  @Post('bound')
  bound() {
    return { unsafe: isUnsafe(BOUND) };
  }

  @All('any')
  @Repeating
  any() {
    return { unsafe: isUnsafe(PaymentsController.prototype.any) };
  }

  @Get('read')
  @Repeating
  read() {
    return { unsafe: isUnsafe(PaymentsController.prototype.read) };
  }

  @Put('replace')
  @Repeating
  replace() {
    return { unsafe: isUnsafe(PaymentsController.prototype.replace) };
  }

  @Patch('change')
  @Repeating
  change() {
    return { unsafe: isUnsafe(PaymentsController.prototype.change) };
  }
}

const interceptor = new IncomingRequestInterceptor(
  requests,
  (context) => new Set([context.getHandler()].filter((handler) => repeating.has(handler))),
);

@Module({
  controllers: [PaymentsController],
  providers: [
    Ledger,
    { provide: APP_INTERCEPTOR, useClass: LateInterceptor },
    { provide: APP_INTERCEPTOR, useValue: interceptor },
    { provide: APP_INTERCEPTOR, useClass: LateInterceptor },
  ],
})
class PaymentsModule {}

describe.each<Platform>(['Express', 'Fastify'])('on %s a repeating handler', (platform) => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  async function start() {
    app = (await applicationOn(platform, PaymentsModule)).app;
    const address = await addressOf(app);
    return async (method: string, path: string, key?: string) => {
      const headers = key === undefined ? {} : { 'idempotency-KEY': key };
      const answer = await fetch(`${address}/${path}`, { method, headers });
      return (await answer.json()) as unknown;
    };
  }

  it.each([
    ['POST', 'above'],
    ['POST', 'below'],
    ['POST', 'stream'],
    ['POST', 'bound'],
    ['POST', 'any'],
    ['PATCH', 'any'],
    ['PATCH', 'change'],
  ])('knows that it answers %s %s without a key', async (method, path) => {
    const send = await start();

    expect(await send(method, path)).toEqual({ unsafe: true });
    expect(await send(method, path, '')).toEqual({ unsafe: true });
    expect(await send(method, path, 'k-1')).toEqual({ unsafe: false });
  });

  it.each([
    ['GET', 'read'],
    ['PUT', 'replace'],
    ['GET', 'any'],
    ['DELETE', 'any'],
  ])('knows that %s %s may be repeated', async (method, path) => {
    const send = await start();

    expect(await send(method, path)).toEqual({ unsafe: false });
  });

  it('knows it in every run that an interceptor asks for', async () => {
    const send = await start();

    expect(await send('POST', 'late')).toEqual({ unsafe: true, runs: 2 });
  });

  it('is not the services that it calls', async () => {
    const send = await start();

    expect(await send('POST', 'calls')).toEqual({ unsafe: false });
  });

  it('is told nothing where nothing would run it again', async () => {
    const send = await start();

    expect(await send('POST', 'plain')).toEqual({ unsafe: false });
  });
});
