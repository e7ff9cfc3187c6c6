import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Injectable,
  Module,
  NotFoundException,
  Scope,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { ResilienceError } from '../../../lib/core/errors.js';
import { ResilienceExceptionFilter } from '../../../lib/nest/http/resilience-exception.filter.js';
import { BulkheadFullError } from '../../../lib/policies/bulkhead/index.js';
import { CircuitBreakerOpenError } from '../../../lib/policies/circuit-breaker/index.js';
import { addressOf, applicationOn, MappingModule, type Platform } from './mapped-application.js';

const OPEN = new CircuitBreakerOpenError({ operation: 'Payments.charge', policy: 'stripe' });
const FULL = new BulkheadFullError({
  operation: 'Payments.charge',
  policy: 'stripe',
  maxConcurrentCalls: 1,
  maxQueueSize: 0,
});

/** Answers with a status of its own and shows what it was given. */
abstract class AnsweringFilter implements ExceptionFilter {
  abstract readonly status: number;

  constructor(readonly host: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const isOriginal = error === OPEN || error === FULL;
    this.host.httpAdapter.reply(
      host.getArgByIndex(1),
      { by: this.constructor.name, isOriginal },
      this.status,
    );
  }
}

@Catch()
@Injectable()
class CatchAll extends AnsweringFilter {
  readonly status = 500;

  constructor(host: HttpAdapterHost) {
    super(host);
  }
}

@Catch()
@Injectable({ scope: Scope.REQUEST })
class ScopedCatchAll extends AnsweringFilter {
  readonly status = 500;

  constructor(host: HttpAdapterHost) {
    super(host);
  }
}

@Catch(Error)
class CatchErrors extends CatchAll {}

@Catch(CircuitBreakerOpenError, HttpException)
@Injectable()
class CatchOpen extends AnsweringFilter {
  readonly status = 418;

  constructor(host: HttpAdapterHost) {
    super(host);
  }
}

@Catch(CircuitBreakerOpenError)
@Injectable({ scope: Scope.REQUEST })
class ScopedCatchOpen extends AnsweringFilter {
  readonly status = 418;

  constructor(host: HttpAdapterHost) {
    super(host);
  }
}

@Catch(ResilienceError)
class CatchOurs extends CatchOpen {}

@Controller()
class FailingController {
  @Get('open')
  open(): unknown {
    throw OPEN;
  }

  @Get('full')
  full(): unknown {
    throw FULL;
  }

  @Get('missing')
  missing(): unknown {
    throw new NotFoundException();
  }

  @Get('near')
  @UseFilters(CatchOurs)
  near(): unknown {
    throw OPEN;
  }

  @Get('nearest')
  @UseFilters(CatchAll)
  nearest(): unknown {
    throw OPEN;
  }
}

const withFilter = (filter: Type<ExceptionFilter>): Type<unknown> => {
  @Module({ providers: [{ provide: APP_FILTER, useClass: filter }] })
  class FilterModule {}
  return FilterModule;
};

function rootOf(imports: Type<unknown>[], filters: Type<ExceptionFilter>[] = []): Type<unknown> {
  const providers = filters.map((filter) => ({ provide: APP_FILTER, useClass: filter }));
  @Module({ imports, providers, controllers: [FailingController] })
  class RootModule {}
  return RootModule;
}

describe.each<Platform>(['Express', 'Fastify'])('on %s', (platform) => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  async function start(root: Type<unknown>, ...global: Type<AnsweringFilter>[]) {
    app = (await applicationOn(platform, root)).app;
    const host = app.get(HttpAdapterHost);
    app.useGlobalFilters(...global.map((each) => Reflect.construct(each, [host]) as AnsweringFilter));
    const address = await addressOf(app);
    return async (path: string) => {
      const answer = await fetch(`${address}/${path}`);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
  }

  it.each([
    ['in useGlobalFilters', rootOf([MappingModule]), [CatchAll]],
    ['in the root module', rootOf([MappingModule], [CatchAll]), []],
    ['in a module imported before', rootOf([withFilter(CatchAll), MappingModule]), []],
    ['in a module imported after', rootOf([MappingModule, withFilter(CatchAll)]), []],
    ['for every Error', rootOf([MappingModule], [CatchErrors]), []],
    ['with a scope', rootOf([MappingModule], [ScopedCatchAll]), []],
    ['everywhere', rootOf([MappingModule, withFilter(CatchAll)], [ScopedCatchAll]), [CatchAll]],
  ])('NI-40: an open breaker is 503 beside a catch-all %s', async (_, root, global) => {
    const get = await start(root, ...global);

    const open = await get('open');

    expect(open.status).toBe(503);
    expect(open.body.code).toBe('RESILIENCE_CIRCUIT_BREAKER_OPEN');
  });

  it('NI-40: a filter of the handler gets the original error', async () => {
    const get = await start(rootOf([MappingModule], [CatchAll]));

    const near = await get('near');
    const nearest = await get('nearest');

    expect(near).toEqual({ status: 418, body: { by: 'CatchOurs', isOriginal: true } });
    expect(nearest).toEqual({ status: 500, body: { by: 'CatchAll', isOriginal: true } });
  });

  it.each([
    ['before a catch-all', rootOf([withFilter(CatchOpen), MappingModule, withFilter(CatchAll)]), []],
    ['after a catch-all', rootOf([withFilter(CatchAll), MappingModule, withFilter(CatchOpen)]), []],
    ['beside useGlobalFilters', rootOf([withFilter(CatchOpen), MappingModule]), [CatchAll]],
    ['beside one with a scope', rootOf([withFilter(CatchOpen), MappingModule], [ScopedCatchAll]), []],
  ])('NI-40: an application-wide filter that names the class answers, %s', async (_, root, global) => {
    const get = await start(root, ...global);

    const open = await get('open');
    const full = await get('full');

    expect(open).toEqual({ status: 418, body: { by: 'CatchOpen', isOriginal: true } });
    expect(full.body.code).toBe('RESILIENCE_BULKHEAD_FULL');
  });

  it('lets an application-wide filter with a scope that names the class answer', async () => {
    const get = await start(rootOf([withFilter(ScopedCatchOpen), MappingModule], [ScopedCatchAll]), CatchAll);

    const open = await get('open');
    const full = await get('full');

    expect(open.body).toEqual({ by: 'ScopedCatchOpen', isOriginal: true });
    expect(full.status).toBe(503);
  });

  it('asks the one registered last of two that name the class', async () => {
    const get = await start(rootOf([withFilter(CatchOpen), MappingModule]), CatchOurs);

    const open = await get('open');

    expect(open.body.by).toBe('CatchOurs');
  });

  it.each([
    ['first', [CatchAll, CatchOpen], 'CatchOpen'],
    ['last', [CatchOpen, CatchAll], 'CatchAll'],
  ])("keeps Nest's order for every other error: catch-all %s", async (_, global, answering) => {
    const get = await start(rootOf([MappingModule]), ...global);

    const missing = await get('missing');

    expect(missing.body.by).toBe(answering);
  });
});

describe('without the placement', () => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  it('NI-41: Nest answers 500 by itself', async () => {
    const started = await applicationOn('Express', rootOf([]));
    app = started.app;

    const answer = await fetch(`${await addressOf(app)}/open`);

    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({ statusCode: 500, message: 'Internal server error' });
    expect(started.errorsLogged).toEqual([OPEN]);
  });

  it('the filter made by hand answers over HTTP with the adapter it was given', async () => {
    app = (await applicationOn('Fastify', rootOf([]))).app;
    app.useGlobalFilters(new ResilienceExceptionFilter(app.get(HttpAdapterHost)));

    const answer = await fetch(`${await addressOf(app)}/open`);

    expect(answer.status).toBe(503);
  });
});
