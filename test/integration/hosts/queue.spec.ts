import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import { type Job, type Queue, QueueEvents } from 'bullmq';
import { Applications } from '../../support/nest-applications.js';
import { httpError } from '../../support/retry-world.js';
import { type OwnRedis, startOwnRedis } from '../../support/servers/redis-server.js';
import { Flaky, Guarded, Retried } from './payments.js';

@Processor('charges')
class Charges extends WorkerHost {
  constructor(@Inject(Flaky) private readonly flaky: Flaky) {
    super();
  }

  @Retried()
  async process({ data }: Job<{ readonly cents: number }>): Promise<number> {
    return this.flaky.work(data.cents);
  }
}

@Processor('refunds')
class Refunds extends WorkerHost {
  @Guarded()
  async process(): Promise<void> {
    throw httpError(503);
  }
}

describe('a processor of BullMQ', () => {
  const applications = new Applications();
  let redis: OwnRedis | undefined;

  beforeAll(async () => {
    redis = await startOwnRedis();
  });
  afterAll(() => redis?.stop());

  async function start(name: string) {
    const { hostname: host, port } = new URL(redis?.url ?? '');
    const connection = { host, port: Number(port), maxRetriesPerRequest: null };
    const world = await applications.start({
      imports: [BullModule.forRoot({ connection }), BullModule.registerQueue({ name })],
      providers: [Flaky, name === 'charges' ? Charges : Refunds],
    });
    const queue = world.app.get<Queue>(getQueueToken(name));
    const events = new QueueEvents(name, { connection });
    await events.waitUntilReady();
    return { world, queue, events };
  }

  it('is retried within one run of its job', async () => {
    const { world, queue, events } = await start('charges');

    const job = await queue.add('charge', { cents: 5 });
    const answer: unknown = await job.waitUntilFinished(events);
    await events.close();

    expect(answer).toBe(5);
    expect(world.get(Flaky).runs).toBe(3);
  });

  it('lets the job fail with what an open breaker says', async () => {
    const { queue, events } = await start('refunds');
    const failureOf = async (): Promise<unknown> => {
      const job = await queue.add('refund', {});
      return job.waitUntilFinished(events).catch((error: unknown) => error);
    };
    await failureOf();

    const failure = await failureOf();
    await events.close();

    // Of what a processor throws BullMQ keeps the message, so that has to say who refused and until when.
    const refusal =
      'circuit breaker "Refunds.process" lets no call through; the next probe may run in 1500 ms';
    expect(failure).toMatchObject({ message: `Refunds.process: ${refusal}` });
  });
});
