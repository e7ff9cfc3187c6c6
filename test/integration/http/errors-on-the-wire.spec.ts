import 'reflect-metadata';
import { STATUS_CODES } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ConflictException,
  Controller,
  Get,
  Module,
  NotFoundException,
  Param,
  Res,
  type INestApplication,
} from '@nestjs/common';
import { CircuitBreakerOpenError } from '../../../lib/policies/circuit-breaker/index.js';
import { fieldOf } from '../../../lib/core/error-facts.js';
import { toHttpException } from '../../../lib/nest/http/to-http-exception.js';
import {
  addressOf,
  AnyResilienceError,
  applicationOn,
  MappingModule,
  type Platform,
} from './mapped-application.js';

const open = (retryAfterMs?: number) =>
  new CircuitBreakerOpenError({
    operation: 'Payments.charge',
    policy: 'stripe',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

const ERRORS: Readonly<Record<string, () => unknown>> = {
  open: () => open(17_999),
  forced: () => open(),
  soon: () => open(0),
  missing: () => new NotFoundException('no such payment'),
  conflict: () => new ConflictException({ code: 'RESILIENCE_BULKHEAD_FULL', retryAfterMs: 1 }),
  bug: () => new TypeError('x is not a function'),
};

@Controller()
class FailingController {
  @Get('fail/:name')
  fail(@Param('name') name: string): unknown {
    throw ERRORS[name]?.();
  }

  @Get('code/:code')
  code(@Param('code') code: string): unknown {
    throw new AnyResilienceError(code, 1_001);
  }

  @Get('begun')
  begun(@Res() response: unknown): unknown {
    const raw = (fieldOf(response, 'raw') ?? response) as import('node:http').ServerResponse;
    raw.writeHead(200, { 'Content-Type': 'text/plain' });
    raw.write('the first half');
    throw open(1_000);
  }
}

@Module({ imports: [MappingModule], controllers: [FailingController] })
class FailingModule {}

const TABLE = [
  ['CIRCUIT_BREAKER_OPEN', 503],
  ['BULKHEAD_FULL', 503],
  ['RATE_LIMIT_EXCEEDED', 429],
  ['TIMEOUT_EXCEEDED', 504],
  ['IDEMPOTENCY_KEY_MISSING', 400],
  ['IDEMPOTENCY_KEY_INVALID', 400],
  ['IDEMPOTENCY_IN_FLIGHT', 409],
  ['IDEMPOTENCY_REPLAY_UNAVAILABLE', 409],
  ['IDEMPOTENCY_MISMATCH', 422],
  ['IDEMPOTENCY_STORE', 503],
  ['INVALID_OPTIONS', 500],
  ['OF_A_LATER_VERSION', 500],
] as const;

const NOT_STORED = ['IDEMPOTENCY_IN_FLIGHT', 'IDEMPOTENCY_MISMATCH', 'IDEMPOTENCY_STORE'];

describe.each<Platform>(['Express', 'Fastify'])('on %s', (platform) => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  async function start() {
    const started = await applicationOn(platform, FailingModule);
    app = started.app;
    return { address: await addressOf(app), errorsLogged: started.errorsLogged };
  }

  it('NI-35: an open breaker is 503 with the seconds until the next probe, and nothing is logged', async () => {
    const { address, errorsLogged } = await start();

    const answer = await fetch(`${address}/fail/open`);

    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('18');
    expect(answer.headers.get('cache-control')).toBeNull();
    expect(await answer.text()).toBe(
      '{"statusCode":503,"message":"Payments.charge: circuit breaker \\"stripe\\" lets no call through; ' +
        'the next probe may run in 17999 ms","error":"Service Unavailable","code":"RESILIENCE_CIRCUIT_BREAKER_OPEN"}',
    );
    expect(errorsLogged).toEqual([]);
  });

  it('asks for at least one second, and for none where nobody knows', async () => {
    const { address } = await start();

    const soon = await fetch(`${address}/fail/soon`);
    const forced = await fetch(`${address}/fail/forced`);

    expect(soon.headers.get('retry-after')).toBe('1');
    expect(forced.status).toBe(503);
    expect(forced.headers.get('retry-after')).toBeNull();
  });

  it.each(TABLE)('NI-36: %s is %d', async (name, status) => {
    const { address } = await start();
    const code = `RESILIENCE_${name}`;

    const answer = await fetch(`${address}/code/${code}`);

    const body = {
      statusCode: status,
      message: 'Payments.charge: not now',
      error: STATUS_CODES[status],
      code,
    };
    const mapped = toHttpException(new AnyResilienceError(code, 1_001));
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual(body);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect([mapped.getStatus(), mapped.getResponse()]).toEqual([status, body]);
  });

  it('lets no cache keep what became of an idempotency key', async () => {
    const { address } = await start();

    const stored = await Promise.all(NOT_STORED.map((name) => fetch(`${address}/code/RESILIENCE_${name}`)));
    const invalid = await fetch(`${address}/code/RESILIENCE_IDEMPOTENCY_KEY_MISSING`);

    expect(stored.map((answer) => answer.headers.get('cache-control'))).toEqual(
      NOT_STORED.map(() => 'no-store'),
    );
    expect(invalid.headers.get('cache-control')).toBeNull();
  });

  it("leaves the method's own errors to Nest, whatever they look like", async () => {
    const { address, errorsLogged } = await start();

    const missing = await fetch(`${address}/fail/missing`);
    const conflict = await fetch(`${address}/fail/conflict`);
    const bug = await fetch(`${address}/fail/bug`);

    expect(await missing.json()).toEqual(new NotFoundException('no such payment').getResponse());
    expect(await conflict.json()).toEqual({ code: 'RESILIENCE_BULKHEAD_FULL', retryAfterMs: 1 });
    expect(await bug.json()).toEqual({ statusCode: 500, message: 'Internal server error' });
    expect(errorsLogged).toHaveLength(1);
  });

  it('ends an answer that has already begun, without a second error', async () => {
    const { address, errorsLogged } = await start();

    const answer = await fetch(`${address}/begun`);

    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('the first half');
    expect(errorsLogged).toEqual([]);
  });
});
