import { describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  ConflictException,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  Post,
  Res,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { defer, type Observable, of, retry, timeout } from 'rxjs';
import { Idempotent } from 'nestjs-selfheal';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { Gate, open, PLATFORMS, type Shop } from './shop.js';

const applications = new Applications();
let runs = 0;
let requests = 0;
let gate = new Gate();

interface AnyResponse {
  readonly raw?: { statusCode: number };
  statusCode: number;
  status(code: number): AnyResponse;
  send(payload: unknown): void;
}

class Again implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(retry(2));
  }
}

class Instead implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(timeout({ first: 30, with: () => of('not yet') }));
  }
}

/** Sets a status although the answer has been written. */
@Catch()
class TooLate implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<AnyResponse>();
    (response.raw ?? response).statusCode = 500;
  }
}

@Controller()
class Orders {
  @Idempotent({ scope: 'shared' })
  @Post('plain')
  async plain(): Promise<object> {
    runs += 1;
    return { run: runs };
  }

  @UseInterceptors(Again)
  @Idempotent({ scope: 'shared' })
  @Post('again')
  async again(): Promise<object> {
    runs += 1;
    if (runs < 3) throw new Error('not yet');
    return { run: runs };
  }

  @UseInterceptors(Instead)
  @Idempotent({ scope: 'shared' })
  @Post('instead')
  async instead(): Promise<object> {
    runs += 1;
    await gate.wait();
    return { run: runs };
  }

  @Idempotent({ scope: 'shared', required: false })
  @Post('untold')
  // The import of its type is taken away by the compiler, so that nothing tells of a stream before the first call.
  untold(): Observable<object> {
    return defer(() => {
      runs += 1;
      if (runs === 3) throw new ConflictException(`run ${runs}`);
      return of({ run: runs }, { run: runs, isLast: true });
    });
  }

  @UseFilters(TooLate)
  @Idempotent({ scope: 'shared' })
  @Post('answers-and-throws')
  async answersAndThrows(@Res() response: AnyResponse): Promise<void> {
    runs += 1;
    response.status(202).send(`run ${runs}`);
    await Promise.resolve();
    throw new Error('after the answer');
  }
}

/** What middleware of either platform adds to every answer. */
function addPerRequest(set: (name: string, value: string) => void): void {
  requests += 1;
  set('X-Request-Id', `request ${requests}`);
  set('Set-Cookie', `request=${requests}`);
}

describe.each(PLATFORMS)(`what stands around a guarded route on %s, Nest ${nestMajor}`, (platform) => {
  const openOrders = (): Promise<Shop> => {
    runs = 0;
    requests = 0;
    gate = new Gate();
    return open(
      applications,
      platform,
      { controllers: [Orders] },
      {
        express: (app) =>
          app.use(
            (_request: unknown, response: { setHeader(n: string, v: string): void }, next: () => void) => {
              addPerRequest((name, value) => response.setHeader(name, value));
              next();
            },
          ),
        fastify: (app) => {
          const server = app.getHttpAdapter().getInstance();
          server.addHook('onSend', async (_request, reply, payload: unknown) => {
            addPerRequest((name, value) => reply.header(name, value));
            return typeof payload === 'string' || payload instanceof Uint8Array
              ? `<${String(payload)}>`
              : payload;
          });
        },
      },
    );
  };
  /** What the hook of Fastify makes of a body. */
  const sent = (text: string): string => (platform === 'Express' ? text : `<${text}>`);

  it('ID-31: leaves headers of one request to the present request, and touches stored bytes no more', async () => {
    const shop = await openOrders();

    const first = await shop.send('/plain', { key: 'k' });
    const second = await shop.send('/plain', { key: 'k' });

    expect([first.text, second.text]).toEqual([sent('{"run":1}'), sent('{"run":1}')]);
    expect(second.isReplay).toBe(true);
    expect([first, second].map(({ headers }) => headers['x-request-id'])).toEqual(['request 1', 'request 2']);
    expect(second.headers['set-cookie']).toEqual(['request=2']);
    expect(second.headers.etag).toBe(first.headers.etag);
  });

  it('keeps what comes of a route that an interceptor calls again', async () => {
    const shop = await openOrders();

    const first = await shop.send('/again', { key: 'k' });
    const second = await shop.send('/again', { key: 'k' });

    expect([first.status, first.text, runs]).toEqual([201, sent('{"run":3}'), 3]);
    expect([second.text, second.isReplay]).toEqual([first.text, true]);
  });

  it('keeps what comes of an Observable that nothing has told of', async () => {
    const shop = await openOrders();

    const answers = [];
    for (const key of ['k', 'k', 'l', 'l', 'm', 'm', undefined, undefined]) {
      const { status, text, isReplay } = await shop.send('/untold', key === undefined ? {} : { key });
      answers.push([status, /"run":\d|run \d/.exec(text)?.[0], isReplay]);
    }

    expect(answers).toEqual([
      [201, '"run":1', false],
      [201, '"run":1', true],
      [201, '"run":2', false],
      [201, '"run":2', true],
      [409, 'run 3', false],
      [409, 'run 3', true],
      [201, '"run":4', false],
      [201, '"run":5', false],
    ]);
  });

  it('takes the answer that an interceptor gives for a method under way for no outcome of it', async () => {
    const shop = await openOrders();

    const first = await shop.send('/instead', { key: 'k' });
    const second = await shop.send('/instead', { key: 'k' });
    gate.open();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const third = await shop.send('/instead', { key: 'k' });

    expect([first.status, first.text, second.status]).toEqual([201, sent('not yet'), 409]);
    expect([third.status, third.text, third.isReplay, runs]).toEqual([201, sent('{"run":1}'), true, 1]);
  });

  it('keeps the status that was written, whatever is said after it', async () => {
    const shop = await openOrders();

    const first = await shop.send('/answers-and-throws', { key: 'k' });
    const second = await shop.send('/answers-and-throws', { key: 'k' });

    expect([first.status, first.text]).toEqual([202, sent('run 1')]);
    expect([second.status, second.text, second.isReplay, runs]).toEqual([202, first.text, true, 1]);
  });
});
