import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Body,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  Param,
  Post,
  Put,
  Req,
  Res,
  UseGuards,
  UseInterceptors,
  HttpCode,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { Observable } from 'rxjs';
import { Idempotent, type IdempotencySubject, InvalidOptionsError, ResilienceModule } from 'nestjs-selfheal';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { codeOf, Gate, open, PLATFORMS, send } from './shop.js';

const applications = new Applications();
const order: string[] = [];
let runs = 0;

@Injectable()
class Tells implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    order.push('guard');
    const request = context.switchToHttp().getRequest<{ user?: string; headers: Record<string, string> }>();
    request.user = request.headers['x-user'] ?? 'nobody';
    return true;
  }
}

class Counts implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    order.push('interceptor');
    return next.handle();
  }
}

function tenantOf({ request }: IdempotencySubject): string {
  order.push('scope');
  return (request as { readonly user: string }).user;
}

/** Replaces the method and drops what is known of it. */
function Hides() {
  return (
    _target: object,
    _member: string,
    descriptor: TypedPropertyDescriptor<() => Promise<object>>,
  ): void => {
    const inner = descriptor.value;
    descriptor.value = function (this: unknown): Promise<object> {
      return inner?.call(this) ?? Promise.resolve({});
    };
  };
}

@Controller('tenants')
class Tenants {
  @UseGuards(Tells)
  @UseInterceptors(Counts)
  @Idempotent({ scope: tenantOf })
  @UseInterceptors(Counts)
  @Post('orders')
  async create(@Body() _body: unknown): Promise<object> {
    runs += 1;
    order.push('method');
    return { run: runs };
  }

  @Post('hidden')
  @Hides()
  @Idempotent({ scope: 'shared' })
  async hidden(): Promise<object> {
    runs += 1;
    return { run: runs };
  }

  @Idempotent({ key: (body: { readonly id: string }) => body.id })
  @HttpCode(202)
  @Put('keyed')
  async keyed(
    @Body() body: { readonly id: string },
    @Req() _request: unknown,
    @Res({ passthrough: true })
    response: { header(name: string, value: string): void; status(code: number): void },
  ): Promise<object> {
    runs += 1;
    response.header('Location', `/orders/${runs}`);
    if (body.id === 'new') response.status(201);
    return { id: body.id, run: runs };
  }

  @Idempotent({ key: (body: { readonly id: string }) => body.id, scope: tenantOf })
  @UseGuards(Tells)
  @Post('keyed-by-tenant')
  async keyedByTenant(@Body() body: { readonly id: string }): Promise<object> {
    runs += 1;
    return { id: body.id, run: runs };
  }

  @Idempotent({ scope: 'shared' })
  @Post('orders/:id/notes')
  async note(@Param('id') id: string): Promise<object> {
    runs += 1;
    return { id, run: runs };
  }

  @Idempotent({ scope: 'shared' })
  @Post('forms')
  async form(): Promise<object> {
    runs += 1;
    return { run: runs };
  }

  @Idempotent({
    scope: 'shared',
    fingerprint: ({ request }) => (request as { headers: Record<string, string> }).headers['x-fields'],
  })
  @Post('picked')
  async picked(): Promise<object> {
    runs += 1;
    return { run: runs };
  }

  @Idempotent({ scope: () => 7 as never })
  @Post('wrong-scope')
  async wrongScope(): Promise<void> {
    runs += 1;
  }

  @Get('plain')
  plain(): string {
    return 'plain';
  }
}

const form = (boundary: string): { readonly body: string; readonly headers: Record<string, string> } => ({
  body: `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}--\r\n`,
  headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
});

describe.each(PLATFORMS)(`places of guards on %s, Nest ${nestMajor}`, (platform) => {
  const openTenants = () => {
    runs = 0;
    order.length = 0;
    return open(
      applications,
      platform,
      { controllers: [Tenants] },
      {
        options: { logger: true },
        fastify: (app) =>
          app
            .getHttpAdapter()
            .getInstance()
            .addContentTypeParser(
              'multipart/form-data',
              (_request: unknown, payload: NodeJS.ReadableStream, done: (error: null) => void) => {
                payload.resume();
                payload.on('end', () => done(null));
              },
            ),
      },
    );
  };

  it('ID-38: gives each tenant its own answer', async () => {
    const shop = await openTenants();
    const as = (user: string) =>
      shop.send('/tenants/orders', { key: 'k', headers: { 'X-User': user }, body: { a: 1 } });

    const [a, b] = [await as('a'), await as('b')];
    const [againA, againB] = [await as('a'), await as('b')];

    expect([a.text, b.text]).toEqual(['{"run":1}', '{"run":2}']);
    expect([againA.text, againB.text, againA.isReplay]).toEqual([a.text, b.text, true]);
  });

  it('claims after all guards and before all interceptors, wherever the decorators stand', async () => {
    const shop = await openTenants();

    await shop.send('/tenants/orders', { key: 'k', body: {} });
    const first = order.splice(0);
    await shop.send('/tenants/orders', { key: 'k', body: {} });

    expect(first).toEqual(['guard', 'scope', 'interceptor', 'interceptor', 'method']);
    expect(order).toEqual(['guard', 'scope']);
  });

  it('guards a handler that a foreign decorator hides', async () => {
    const shop = await openTenants();

    const none = await shop.send('/tenants/hidden', {});
    const first = await shop.send('/tenants/hidden', { key: 'k' });
    const second = await shop.send('/tenants/hidden', { key: 'k' });

    expect(none.status).toBe(400);
    expect([first.text, second.text, second.isReplay, runs]).toEqual(['{"run":1}', '{"run":1}', true, 1]);
  });

  it('replays a handler with a `key` function through its route, and says so', async () => {
    const shop = await openTenants();
    const put = (body: unknown) => shop.send('/tenants/keyed', { method: 'PUT', body });

    const first = await put({ id: 'a', amount: 1 });
    const second = await put({ amount: 1, id: 'a' });
    const other = await put({ id: 'a', amount: 2 });
    const created = [await put({ id: 'new' }), await put({ id: 'new' })];

    expect([first.status, first.text, first.isReplay]).toEqual([202, '{"id":"a","run":1}', false]);
    expect([second.status, second.text, second.isReplay]).toEqual([202, first.text, true]);
    expect([first, second].map(({ headers }) => headers['location'])).toEqual(['/orders/1', '/orders/1']);
    expect(created.map(({ status, headers }) => [status, headers['location']])).toEqual([
      [201, '/orders/2'],
      [201, '/orders/2'],
    ]);
    expect([other.status, codeOf(other)]).toEqual([422, 'RESILIENCE_IDEMPOTENCY_MISMATCH']);
  });

  it('gives the request to the scope of a `key` function too', async () => {
    const shop = await openTenants();
    const as = (user: string) =>
      shop.send('/tenants/keyed-by-tenant', { headers: { 'X-User': user }, body: { id: 'a' } });

    const answers = [await as('a'), await as('b'), await as('a')];

    expect(answers.map(({ text }) => text)).toEqual([
      '{"id":"a","run":1}',
      '{"id":"a","run":2}',
      '{"id":"a","run":1}',
    ]);
  });

  it('ID-43: compares path and query, the order of names aside', async () => {
    const shop = await openTenants();
    const note = async (path: string) => {
      const { status, isReplay } = await shop.send(`/tenants/orders/${path}`, { key: 'k' });
      return [status, isReplay];
    };

    expect(await note('1/notes?x=1&y=2')).toEqual([201, false]);
    expect(await note('1/notes?y=2&x=1')).toEqual([201, true]);
    expect(await note('2/notes?x=1&y=2')).toEqual([422, false]);
    expect(await note('1/notes?x=1&y=3')).toEqual([422, false]);
    expect(await note('1/notes?x=1&x=2&y=2')).toEqual([422, false]);
  });

  it('ID-48: leaves a form out with a warning, and compares what a `fingerprint` picks', async () => {
    const shop = await openTenants();

    const first = await shop.send('/tenants/forms', { key: 'k', ...form('one') });
    const second = await shop.send('/tenants/forms', { key: 'k', ...form('two') });
    const picks = [];
    for (const fields of ['a', 'a', 'b']) {
      picks.push((await shop.send('/tenants/picked', { key: 'k', headers: { 'X-Fields': fields } })).status);
    }

    expect([first.status, second.status, second.isReplay]).toEqual([201, 201, true]);
    const told = applications.lines.own.filter(
      (line) => line.startsWith('warn') && line.includes('multipart'),
    );
    expect(told).toEqual([expect.stringContaining('Tenants.form (POST /tenants/forms)')]);
    expect(told[0]).toContain('`fingerprint`');
    expect(picks).toEqual([201, 201, 422]);
  });

  it('rejects a scope that is no text, and runs nothing', async () => {
    const shop = await openTenants();

    const answer = await shop.send('/tenants/wrong-scope', { key: 'k' });

    expect([answer.status, codeOf(answer), runs]).toEqual([500, 'RESILIENCE_INVALID_OPTIONS', 0]);
  });

  const start = async (
    imports: unknown[],
    controller: unknown,
  ): Promise<{ app: INestApplication; address: string }> => {
    runs = 0;
    const module = await Test.createTestingModule({
      imports: imports as [],
      controllers: [controller as never],
    })
      .setLogger(applications.lines)
      .compile();
    const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = module.createNestApplication(adapter);
    await app.listen(0, '127.0.0.1');
    applications.keep(app);
    return { app, address: await app.getUrl() };
  };

  @Controller()
  class Unscoped {
    @Idempotent()
    @Post('orders')
    async create(): Promise<object> {
      runs += 1;
      return { run: runs };
    }
  }

  it('ID-38: does not start without a scope, and does with one of the module', async () => {
    const failed = await start([ResilienceModule.forRoot()], Unscoped).catch((error: unknown) => error);
    const { address } = await start(
      [ResilienceModule.forRoot({ idempotency: { scope: 'shared' } })],
      Unscoped,
    );
    const first = await send(`${address}/orders`, { key: 'k' });

    expect(failed).toBeInstanceOf(InvalidOptionsError);
    expect((failed as Error).message).toMatch(/^Unscoped\.create: .*scope.*'shared'/s);
    expect(first.status).toBe(201);
  });

  it('ID-55: guards in an application without the module, and warns once', async () => {
    @Controller()
    class Alone {
      @Idempotent({ scope: 'shared' })
      @Post('orders')
      async create(@Body() _body: unknown): Promise<object> {
        runs += 1;
        return { run: runs };
      }

      @Idempotent()
      @Post('unscoped')
      async unscoped(): Promise<void> {
        runs += 1;
      }
    }
    const { address } = await start([], Alone);

    const first = await send(`${address}/orders`, { key: 'k', body: {} });
    const second = await send(`${address}/orders`, { key: 'k', body: {} });
    const other = await send(`${address}/orders`, { key: 'k', body: { a: 1 } });
    const unscoped = await send(`${address}/unscoped`, { key: 'k' });

    expect([first.text, second.text, second.isReplay, runs]).toEqual(['{"run":1}', '{"run":1}', true, 1]);
    expect([other.status, codeOf(other)]).toEqual([422, 'RESILIENCE_IDEMPOTENCY_MISMATCH']);
    expect([unscoped.status, codeOf(unscoped)]).toEqual([500, 'RESILIENCE_INVALID_OPTIONS']);
    const told = applications.lines.own.filter((line) => line.includes('default runtime'));
    expect(told).toHaveLength(1);
  });

  it('ID-55: answers in such an application as in others where the key is made of the arguments', async () => {
    @Controller()
    class Alone {
      @Idempotent({ key: (order: { readonly id?: string }) => order.id })
      @Post('orders')
      async create(@Body() _order: { readonly id?: string }): Promise<object> {
        runs += 1;
        await keyedGate.wait();
        return { run: runs };
      }
    }
    const keyedGate = new Gate();
    const { address } = await start([], Alone);
    const place = (body: object) => send(`${address}/orders`, { body });

    const first = place({ id: 'a' });
    await keyedGate.reached;
    const inFlight = await place({ id: 'a' });
    const other = await place({ id: 'a', amount: 2 });
    const keyless = await place({});
    keyedGate.open();

    expect([(await first).status, runs]).toEqual([201, 1]);
    expect([inFlight.status, codeOf(inFlight)]).toEqual([409, 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT']);
    expect([inFlight.headers['retry-after'], inFlight.headers['cache-control']]).toEqual(['1', 'no-store']);
    expect([other.status, codeOf(other)]).toEqual([422, 'RESILIENCE_IDEMPOTENCY_MISMATCH']);
    expect([keyless.status, codeOf(keyless)]).toEqual([400, 'RESILIENCE_IDEMPOTENCY_KEY_MISSING']);
  });

  it('ID-55: keeps guarding where everything else is switched off', async () => {
    const module = ResilienceModule.forRoot({ enabled: false, idempotency: { scope: 'shared' } });
    const { address } = await start([module], Unscoped);

    const first = await send(`${address}/orders`, { key: 'k' });
    const second = await send(`${address}/orders`, { key: 'k' });

    expect([first.text, second.text, runs]).toEqual(['{"run":1}', '{"run":1}', 1]);
  });
});
