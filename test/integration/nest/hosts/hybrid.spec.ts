import type { AddressInfo, Server as NetServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  Payload,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { CircuitBreaker, Retryable } from 'nestjs-selfheal';
import { EventRecorder, ManualClock, ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { firstValueFrom } from 'rxjs';
import { AT_ONCE, Backend } from '../../../support/nest-applications.js';

@Injectable()
class Hooks {
  haveRun = false;

  onModuleInit(): void {
    this.haveRun = true;
  }
}

@Controller()
class Messages {
  readonly backend = new Backend('F,F,F,F,S');
  readonly before: boolean[] = [];

  constructor(@Inject(Hooks) private readonly hooks: Hooks) {}

  @Retryable('slowly')
  @MessagePattern('ask')
  @CircuitBreaker({ failureThreshold: false, failureRateThreshold: false })
  async ask(@Payload() name: string): Promise<string> {
    this.before.push(!this.hooks.haveRun);
    return `${this.backend.next()} for ${name}`;
  }
}

@Module({
  imports: [ResilienceTestingModule.forRoot({ retries: { slowly: { ...AT_ONCE, maxAttempts: 5 } } })],
  controllers: [Messages],
  providers: [Hooks],
})
class HybridModule {}

describe('a hybrid application', () => {
  let app: INestApplication | undefined;
  let client: ClientProxy | undefined;

  afterEach(async () => {
    await client?.close();
    await app?.close();
  });

  it('NI-14: serves a message before any hook has run, with its own options', async () => {
    app = await NestFactory.create(HybridModule, new ExpressAdapter(), { logger: false });
    const options = { host: '127.0.0.1', port: 0 };
    const service = app.connectMicroservice({ transport: Transport.TCP, options });
    await app.startAllMicroservices();
    const { port } = service.unwrap<NetServer>().address() as AddressInfo;
    client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });

    const answer = await firstValueFrom(client.send<string>('ask', 'alice'));
    await app.listen(0, '127.0.0.1');

    expect(answer).toBe('S for alice');
    expect(app.get(Messages).before).toEqual([true, true, true, true, true]);
    expect(app.get(EventRecorder).counts()).toEqual({ 'retry.scheduled': 4, 'retry.recovered': 1 });
    expect(app.get(ManualClock).pendingTimers).toBe(0);
  });
});
