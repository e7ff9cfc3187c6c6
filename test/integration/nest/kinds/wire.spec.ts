import { describe, expect, it } from '@jest/globals';
import { Controller, Get, HttpException, NotFoundException, Param } from '@nestjs/common';
import {
  Bulkhead,
  BulkheadFullError,
  CircuitBreaker,
  CircuitBreakerOpenError,
  CircuitBreakerRegistry,
  Fallback,
  InvalidOptionsError,
  RateLimiter,
  RateLimitExceededError,
  type ResilienceError,
  Retryable,
  TimeLimiter,
  TimeoutExceededError,
  toHttpException,
} from 'nestjs-selfheal';
import { Applications, type Platform, until } from '../../../support/nest-applications.js';

const FACTS = { operation: 'Shop.buy', policy: 'shop' };

/** Every error that the package makes by now, with the table's answer. */
const TABLE: Readonly<Record<string, { error: ResilienceError; status: number; retryAfter?: string }>> = {
  CircuitBreakerOpenError: {
    error: new CircuitBreakerOpenError({ ...FACTS, retryAfterMs: 17_001 }),
    status: 503,
    retryAfter: '18',
  },
  BulkheadFullError: {
    error: new BulkheadFullError({ ...FACTS, maxConcurrentCalls: 1, maxQueueSize: 0 }),
    status: 503,
  },
  RateLimitExceededError: {
    error: new RateLimitExceededError({ ...FACTS, retryAfterMs: 1 }),
    status: 429,
    retryAfter: '1',
  },
  TimeoutExceededError: {
    error: new TimeoutExceededError({ ...FACTS, limit: 'attempt', timeoutMs: 50 }),
    status: 504,
  },
  InvalidOptionsError: {
    error: new InvalidOptionsError({ ...FACTS, field: 'limit', value: 0, expected: 'must be at least 1' }),
    status: 500,
  },
};

const missing = new NotFoundException('no such thing');
let executions = 0;
let release = (): void => undefined;

@Controller()
class ShopController {
  @Get('open')
  @CircuitBreaker({ name: 'shop', waitDurationInOpenState: '30s' })
  async open(): Promise<string> {
    throw Object.assign(new Error('down'), { status: 503 });
  }

  @Get('table/:name')
  async table(@Param('name') name: string): Promise<string> {
    throw TABLE[name]?.error ?? missing;
  }

  @Get('missing')
  @Fallback({ value: 'instead' })
  @Retryable()
  @CircuitBreaker()
  @RateLimiter({ limit: 10, window: '1s' })
  @TimeLimiter({ attemptTimeout: '1s', totalTimeout: '2s' })
  @Bulkhead(5)
  async missing(): Promise<string> {
    executions += 1;
    throw missing;
  }

  @Get('busy')
  @Bulkhead(1)
  async busy(): Promise<string> {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return 'done';
  }

  @Get('limited')
  @RateLimiter({ limit: 1, window: 300 })
  async limited(): Promise<string> {
    return 'served';
  }

  @Get('slow')
  @TimeLimiter(50)
  slow(): Promise<string> {
    return new Promise(() => undefined);
  }
}

async function answerOf(url: string) {
  const response = await fetch(url);
  const text = await response.text();
  return { status: response.status, retryAfter: response.headers.get('retry-after'), text };
}

describe.each<Platform>(['Express', 'Fastify'])('errors on the wire, on %s', (platform) => {
  const applications = new Applications();
  const start = () => applications.listen(platform, { controllers: [ShopController] });

  it('NI-35: an open breaker is 503 with the seconds until the next probe', async () => {
    const { address, clock } = await start();
    for (let call = 0; call < 5; call += 1) await fetch(`${address}/open`);
    await clock.advance(12_001);

    const answer = await answerOf(`${address}/open`);

    expect(answer).toEqual({
      status: 503,
      retryAfter: '18',
      text:
        '{"statusCode":503,"message":"ShopController.open: circuit breaker \\"shop\\" lets no call through; ' +
        'the next probe may run in 17999 ms","error":"Service Unavailable",' +
        '"code":"RESILIENCE_CIRCUIT_BREAKER_OPEN"}',
    });
  });

  it.each(Object.keys(TABLE))('NI-36: %s is what the table says', async (name) => {
    const { address } = await start();
    const { error, status, retryAfter = null } = TABLE[name] ?? { error: missing, status: 0 };

    const answer = await answerOf(`${address}/table/${name}`);

    const mapped = toHttpException(error as ResilienceError);
    const code = `RESILIENCE_${name
      .replace('Error', '')
      .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_')
      .toUpperCase()}`;
    expect([answer.status, answer.retryAfter]).toEqual([status, retryAfter]);
    expect(JSON.parse(answer.text)).toMatchObject({ statusCode: status, code, message: error.message });
    expect(error).not.toBeInstanceOf(HttpException);
    expect([mapped.getStatus(), mapped.getResponse()]).toEqual([status, JSON.parse(answer.text)]);
  });

  it("NI-34: the method's own exception passes all policies: one execution, Nest's own body", async () => {
    const { address, get, events } = await start();
    executions = 0;

    const answer = await answerOf(`${address}/missing`);
    const outcome: unknown = await get(ShopController)
      .missing()
      .catch((error: unknown) => error);

    expect(answer).toEqual({
      status: 404,
      retryAfter: null,
      text: JSON.stringify(missing.getResponse()),
    });
    expect(outcome).toBe(missing);
    expect(executions).toBe(2);
    expect(events.counts()).toEqual({ 'retry.gave-up': 2 });
  });

  it('CP-29: an open breaker with 1200 ms left is 503 with Retry-After 2', async () => {
    const { address, clock, get } = await start();
    for (let call = 0; call < 5; call += 1) await fetch(`${address}/open`);
    await clock.advance(28_800);

    const answer = await answerOf(`${address}/open`);

    expect([answer.status, answer.retryAfter]).toEqual([503, '2']);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN' });
    expect(get(CircuitBreakerRegistry).get('shop').snapshot().retryAfterMs).toBe(1_200);
  });

  it('CP-29: a full bulkhead is 503', async () => {
    const { address, get } = await start();
    const busy = get(ShopController).busy();

    const answer = await answerOf(`${address}/busy`);
    release();
    await busy;

    expect([answer.status, answer.retryAfter]).toEqual([503, null]);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'RESILIENCE_BULKHEAD_FULL' });
  });

  it('CP-29: a rate limit with 300 ms left is 429 with Retry-After 1', async () => {
    const { address } = await start();
    await fetch(`${address}/limited`);

    const answer = await answerOf(`${address}/limited`);

    expect([answer.status, answer.retryAfter]).toEqual([429, '1']);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'RESILIENCE_RATE_LIMIT_EXCEEDED' });
  });

  it('CP-29: a timeout is 504', async () => {
    const { address, clock } = await start();
    const answered = answerOf(`${address}/slow`);
    await until(() => clock.allTimers > 0);

    await clock.advance(50);

    const answer = await answered;
    expect([answer.status, answer.retryAfter]).toEqual([504, null]);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'RESILIENCE_TIMEOUT_EXCEEDED' });
  });
});
