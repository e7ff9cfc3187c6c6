import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Controller } from '@nestjs/common';
import {
  type ClientProxy,
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import {
  BulkheadRegistry,
  CircuitBreakerRegistry,
  RateLimiterRegistry,
  ResilienceService,
} from 'nestjs-selfheal';
import {
  retryWith,
  withBulkhead,
  withCircuitBreaker,
  withFallback,
  withHedge,
  withPipeline,
  withRateLimiter,
  withTimeLimiter,
} from 'nestjs-selfheal/rxjs';
import { ManualClock } from 'nestjs-selfheal/testing';
import { firstValueFrom, map, NEVER, type Observable, of, throwError } from 'rxjs';
import { Applications, outcomeOf, until } from '../../support/nest-applications.js';
import { freePort } from '../../support/servers/guarded-process.js';
import { ScriptedServer } from '../adapters/http/scripted-server.js';

const NOW = { type: 'fixed', initialDelay: 0 } as const;

/** What the other side does with one request after the other, the last one for ever. */
type Doing = 'fails' | 'hangs' | 'answers';

/** A real server with a real client of Nest. */
interface OtherSide {
  /** A new request with each subscription. */
  readonly source$: Observable<unknown>;
  /** Requests that have arrived. */
  requests(): number;
}

const applications = new Applications();
const endings: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function overHttp(...doings: Doing[]): Promise<OtherSide> {
  const answers = { fails: 503, hangs: 'silence', answers: { status: 200, body: 'S' } } as const;
  const server = await new ScriptedServer(doings.map((doing) => answers[doing])).listen();
  endings.push(() => server.close());
  const { get } = await applications.start({ imports: [HttpModule] });
  const source$ = get(HttpService)
    .get<unknown>(server.url)
    .pipe(map(({ data }) => data));
  return { source$, requests: () => server.requests.length };
}

async function overTcp(...doings: Doing[]): Promise<OtherSide> {
  let requests = 0;

  @Controller()
  class Asked {
    @MessagePattern('ask')
    ask(): Observable<unknown> {
      requests += 1;
      const doing = doings[requests - 1] ?? doings.at(-1);
      if (doing === 'hangs') return NEVER;
      // What a message of Nest's carries as an error is a plain object.
      return doing === 'fails' ? throwError(() => ({ status: 503, message: 'down' })) : of('S');
    }
  }

  const options = {
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: await freePort() },
  } as const;
  const module = await Test.createTestingModule({ controllers: [Asked] })
    .setLogger(applications.lines)
    .compile();
  const app = applications.keep(module.createNestMicroservice<MicroserviceOptions>(options));
  await app.listen();
  const client: ClientProxy = ClientProxyFactory.create(options);
  endings.push(() => client.close());
  return { source$: client.send('ask', {}), requests: () => requests };
}

describe.each([
  ['HttpService', overHttp],
  ['ClientProxy', overTcp],
])('operators on streams of a real %s', (_, open) => {
  const outcome = (stream$: Observable<unknown>) => outcomeOf(() => firstValueFrom(stream$));

  const policiesOf = async () => {
    const world = await applications.start(
      {},
      {
        circuitBreakers: { db: { failureThreshold: 2, failureRateThreshold: false } },
        bulkheads: { narrow: { maxConcurrentCalls: 1 } },
        rateLimiters: { calls: { limit: 1, window: '1m' } },
      },
    );
    return world;
  };

  it('retryWith asks again until it is answered', async () => {
    const { source$, requests } = await open('fails', 'fails', 'answers');

    const result = await outcome(source$.pipe(retryWith({ budget: false, backoff: NOW })));

    expect([result, requests()]).toEqual([{ value: 'S' }, 3]);
  });

  it('retryWith takes the retry of a policy, with the budget and the events of its application', async () => {
    const { source$, requests } = await open('fails', 'answers');
    const { get, events } = await policiesOf();
    const policy = get(ResilienceService).policy({ operation: 'ask', retry: { backoff: NOW } });

    const result = await outcome(source$.pipe(retryWith(policy)));

    expect([result, requests()]).toEqual([{ value: 'S' }, 2]);
    expect(events.of('retry.recovered')).toMatchObject([{ operation: 'ask', attempts: 2 }]);
  });

  it('withCircuitBreaker opens, and asks nobody any more', async () => {
    const { source$, requests } = await open('fails');
    const { get } = await policiesOf();
    const breaker = get(CircuitBreakerRegistry).get('db');
    const guarded$ = source$.pipe(withCircuitBreaker(breaker));
    await outcome(guarded$);
    await outcome(guarded$);

    const { error } = await outcome(guarded$);

    expect(error).toMatchObject({ code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN' });
    expect([breaker.state, requests()]).toEqual(['open', 2]);
  });

  it('withTimeLimiter stops waiting for one that hangs', async () => {
    const { source$, requests } = await open('hangs');

    const { error } = await outcome(source$.pipe(withTimeLimiter('300ms')));

    expect(error).toMatchObject({ code: 'RESILIENCE_TIMEOUT_EXCEEDED', timeoutMs: 300 });
    expect(requests()).toBe(1);
  });

  it('withFallback answers for one that is down', async () => {
    const { source$ } = await open('fails');

    const result = await outcome(source$.pipe(withFallback({ value: 'reserve' })));

    expect(result).toEqual({ value: 'reserve' });
  });

  it('withBulkhead refuses a second one at once, until the first is left', async () => {
    const { source$, requests } = await open('hangs', 'answers');
    const { get } = await policiesOf();
    const bulkhead = get(BulkheadRegistry).get('narrow');
    const narrow$ = source$.pipe(withBulkhead(bulkhead));
    const first = narrow$.subscribe();
    await until(() => requests() === 1);

    const refused = await outcome(narrow$);
    first.unsubscribe();
    const second = await outcome(narrow$);

    expect(refused.error).toMatchObject({ code: 'RESILIENCE_BULKHEAD_FULL' });
    expect([second, bulkhead.snapshot().inUse]).toEqual([{ value: 'S' }, 0]);
  });

  it('withRateLimiter refuses what is too much, before it is asked', async () => {
    const { source$, requests } = await open('answers');
    const { get } = await policiesOf();
    const limited$ = source$.pipe(withRateLimiter(get(RateLimiterRegistry).get('calls')));

    const [first, second] = [await outcome(limited$), await outcome(limited$)];

    expect(first).toEqual({ value: 'S' });
    expect(second.error).toMatchObject({ code: 'RESILIENCE_RATE_LIMIT_EXCEEDED', retryAfterMs: 60_000 });
    expect(requests()).toBe(1);
  });

  it('withHedge asks once more beside one that hangs, and takes the answer', async () => {
    const { source$, requests } = await open('hangs', 'answers');

    const result = await outcome(source$.pipe(withHedge({ delay: '100ms', budget: false })));

    expect([result, requests()]).toEqual([{ value: 'S' }, 2]);
  });

  it('withPipeline runs all policies of an application, on its clock', async () => {
    const { source$, requests } = await open('fails', 'hangs', 'answers');
    const { get, events } = await policiesOf();
    const clock = get(ManualClock);
    const pipeline = get(ResilienceService).pipeline({
      operation: 'ask',
      retry: { budget: false, backoff: NOW },
      circuitBreaker: { failureThreshold: 5 },
      timeLimiter: { attemptTimeout: '1s' },
    });

    const result = outcome(source$.pipe(withPipeline(pipeline)));
    await until(() => requests() === 2);
    await clock.advance(1_000);

    expect([await result, requests()]).toEqual([{ value: 'S' }, 3]);
    expect(events.kinds).toEqual([
      'retry.scheduled',
      'time-limiter.timed-out',
      'retry.scheduled',
      'retry.recovered',
    ]);
  });
});
