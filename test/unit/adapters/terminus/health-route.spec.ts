import { beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { CircuitBreaker, CircuitBreakerRegistry } from 'nestjs-selfheal';
import {
  type BreakerHealthOptions,
  ResilienceHealthIndicator,
  ResilienceHealthModule,
} from 'nestjs-selfheal/terminus';
import { Applications, Backend, type HttpWorld, outcomeOf } from '../../../support/nest-applications.js';

let options: BreakerHealthOptions | undefined;

@Injectable()
class Shop {
  private readonly backend = new Backend('F,S');

  @CircuitBreaker({ name: 'stock', failureThreshold: 1, waitDurationInOpenState: '10s' })
  stock(): Promise<string> {
    return this.backend.ask();
  }

  @CircuitBreaker('db')
  async load(): Promise<void> {}
}

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(ResilienceHealthIndicator) private readonly resilience: ResilienceHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([async () => this.resilience.check('breakers', options)]);
  }
}

describe('a /health route', () => {
  const applications = new Applications();

  beforeEach(() => {
    options = undefined;
  });

  const start = (): Promise<HttpWorld> =>
    applications.listen('Express', {
      imports: [TerminusModule.forRoot({ logger: false }), ResilienceHealthModule],
      providers: [Shop],
      controllers: [HealthController],
    });

  const ask = async ({ address }: HttpWorld) => {
    const response = await fetch(`${address}/health`);
    return { code: response.status, body: (await response.json()) as HealthCheckResult };
  };

  const openStock = (world: HttpWorld): Promise<unknown> => outcomeOf(() => world.get(Shop).stock());

  it('is up while all breakers are closed, and tells of each', async () => {
    const world = await start();

    const { code, body } = await ask(world);

    expect(code).toBe(200);
    expect(body.status).toBe('ok');
    expect(body.details['breakers']).toEqual({
      status: 'up',
      breakers: {
        stock: { status: 'up', state: 'closed', failureRate: 0 },
        db: { status: 'up', state: 'closed', failureRate: 0 },
      },
    });
  });

  it('is degraded by an open breaker, and does not take the process down', async () => {
    const world = await start();
    await openStock(world);
    await world.clock.advance(4_000);

    const { code, body } = await ask(world);

    expect(code).toBe(200);
    expect(body.status).toBe('degraded');
    expect(body.details['breakers']).toEqual({
      status: 'degraded',
      breakers: {
        stock: { status: 'degraded', state: 'open', failureRate: 1, retryAfterMs: 6_000 },
        db: { status: 'up', state: 'closed', failureRate: 0 },
      },
    });
  });

  it('asks without probing, and is up again when the breaker has closed', async () => {
    const world = await start();
    await openStock(world);
    await world.clock.advance(10_000);

    const whileOpen = await ask(world);
    await world.get(Shop).stock();
    const afterwards = await ask(world);

    expect([whileOpen.body.status, afterwards.body.status]).toEqual(['degraded', 'ok']);
  });

  it.each<[string, BreakerHealthOptions]>([
    ['the breaker is critical', { critical: ['stock'] }],
    ['open means down', { states: { open: 'down' } }],
    ['a critical breaker is said to be up while open', { critical: ['stock'], states: { open: 'up' } }],
  ])('is down with 503 where asked for: %s', async (_name, asked) => {
    const world = await start();
    await openStock(world);
    options = asked;

    const { code, body } = await ask(world);

    expect(code).toBe(503);
    expect(body.status).toBe('error');
    expect(body.error?.['breakers']).toMatchObject({
      status: 'down',
      breakers: { stock: { status: 'down', state: 'open' }, db: { status: 'up' } },
    });
  });

  it.each<[string, BreakerHealthOptions]>([
    ['open means nothing', { states: { open: 'up' } }],
    ['the open one is not looked at', { breakers: ['db'] }],
    ['another one is critical', { critical: ['db'], states: { open: 'up' } }],
  ])('stays up where asked for: %s', async (_name, asked) => {
    const world = await start();
    await openStock(world);
    options = asked;

    expect((await ask(world)).body.status).toBe('ok');
  });

  it('a breaker that was opened by hand is degraded, or down where critical; a disabled one is up', async () => {
    const world = await start();
    const registry = world.get(CircuitBreakerRegistry);
    registry.get('db').forceOpen();
    registry.get('stock').disable();

    const plain = await ask(world);
    options = { critical: ['db'] };
    const critical = await ask(world);

    expect(plain.body.details['breakers']).toMatchObject({
      status: 'degraded',
      breakers: {
        db: { status: 'degraded', state: 'forced-open' },
        stock: { status: 'up', state: 'disabled' },
      },
    });
    expect(critical.code).toBe(503);
  });

  it.each<[unknown, RegExp]>([
    [{ critical: ['nope'] }, /nope.*known: stock, db/],
    [{ breakers: ['nope'] }, /nope.*known: stock, db/],
    [{ states: { open: 'sad' } }, /states\.open.*'up', 'degraded', 'down'/],
    [{ states: { ajar: 'up' } }, /states\.ajar.*known: closed/],
  ])('refuses options that cannot be meant: %j', async (asked, message) => {
    const world = await start();

    // As JavaScript can write it.
    const check = () => world.get(ResilienceHealthIndicator).check('breakers', asked as BreakerHealthOptions);

    expect(check).toThrow(message);
  });

  it('with Terminus 11, which knows no third word, a degraded application is up and says so', async () => {
    const world = await start();
    await openStock(world);
    const up = (data: object) => ({ breakers: { status: 'up', ...data } });
    const ofEleven = { check: () => ({ up }) };

    const indicator = new ResilienceHealthIndicator(world.get(CircuitBreakerRegistry), ofEleven as never);

    expect(indicator.check('breakers')).toMatchObject({
      breakers: { status: 'up', degraded: true, breakers: { stock: { status: 'degraded' } } },
    });
  });
});
