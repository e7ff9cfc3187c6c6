import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CanActivate, Controller, Inject, ParseIntPipe, UseGuards } from '@nestjs/common';
import {
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { firstValueFrom } from 'rxjs';
import { Applications, outcomeOf } from '../../support/nest-applications.js';
import { httpError } from '../../support/retry-world.js';
import { freePort } from '../../support/servers/guarded-process.js';
import { type OwnRedis, startOwnRedis } from '../../support/servers/redis-server.js';
import { Flaky, Guarded, REFUSED, Retried } from './payments.js';

const asked: string[] = [];

class Watched implements CanActivate {
  canActivate(): boolean {
    asked.push('guard');
    return true;
  }
}

@Controller()
class PaymentsHandlers {
  constructor(@Inject(Flaky) private readonly flaky: Flaky) {}

  @MessagePattern('charge')
  @UseGuards(Watched)
  @Retried()
  async charge(@Payload('cents', ParseIntPipe) cents: number): Promise<number> {
    return this.flaky.work(cents);
  }

  @Guarded()
  @MessagePattern('refund')
  async refund(): Promise<string> {
    throw httpError(503);
  }
}

describe('handlers of messages', () => {
  const applications = new Applications();
  let redis: OwnRedis | undefined;

  beforeAll(async () => {
    redis = await startOwnRedis();
  });
  afterAll(() => redis?.stop());

  async function transportOf(name: string) {
    if (name === 'TCP') return { transport: Transport.TCP, options: await loopback() } as const;
    const { hostname, port } = new URL(redis?.url ?? '');
    return { transport: Transport.REDIS, options: { host: hostname, port: Number(port) } } as const;
  }

  async function loopback() {
    return { host: '127.0.0.1', port: await freePort() };
  }

  async function start(name: string) {
    const options = await transportOf(name);
    const module = await Test.createTestingModule({
      imports: [ResilienceTestingModule.forRoot({ httpErrors: true })],
      providers: [Flaky],
      controllers: [PaymentsHandlers],
    })
      .setLogger(applications.lines)
      .compile();
    const app = applications.keep(module.createNestMicroservice<MicroserviceOptions>(options));
    await app.listen();
    const client = ClientProxyFactory.create(options);
    const ask = async (pattern: string, data: unknown): Promise<unknown> =>
      firstValueFrom(client.send(pattern, data));
    return { app, ask, client };
  }

  it.each(['TCP', 'Redis'])('over %s are retried, the guard asked once, the pipe applied', async (name) => {
    asked.length = 0;
    const { app, ask, client } = await start(name);

    const answer = await ask('charge', { cents: '5' });
    await client.close();

    expect(answer).toBe(5);
    expect(app.get(Flaky).runs).toBe(3);
    expect(asked).toEqual(['guard']);
  });

  it.each(['TCP', 'Redis'])(
    'over %s answer an open breaker with an object that has code and wait',
    async (name) => {
      const { ask, client } = await start(name);
      await outcomeOf(() => ask('refund', {}));

      const { error } = await outcomeOf(() => ask('refund', {}));
      await client.close();

      expect(error).toMatchObject({ status: 'error', ...REFUSED });
    },
  );
});
