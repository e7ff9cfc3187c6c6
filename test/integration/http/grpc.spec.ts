import 'reflect-metadata';
import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, GrpcStreamCall, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { firstValueFrom, from, isObservable } from 'rxjs';
import { AnyResilienceError, MappingModule } from './mapped-application.js';

const TABLE = [
  ['CIRCUIT_BREAKER_OPEN', 14],
  ['BULKHEAD_FULL', 8],
  ['RATE_LIMIT_EXCEEDED', 8],
  ['TIMEOUT_EXCEEDED', 4],
  ['IDEMPOTENCY_KEY_MISSING', 3],
  ['IDEMPOTENCY_KEY_INVALID', 3],
  ['IDEMPOTENCY_IN_FLIGHT', 10],
  ['IDEMPOTENCY_REPLAY_UNAVAILABLE', 9],
  ['IDEMPOTENCY_MISMATCH', 9],
  ['IDEMPOTENCY_STORE', 14],
  ['INVALID_OPTIONS', 13],
  ['OF_A_LATER_VERSION', 13],
] as const;

/** What `@grpc/grpc-js` gives to a handler, as far as it can be told from the messages of other transports. */
class GrpcCall extends EventEmitter {
  readonly metadata = { getMap: () => ({}) };

  constructor(readonly request: unknown) {
    super();
  }

  sendMetadata(): void {}

  getPeer(): string {
    return '127.0.0.1:1';
  }
}

/** Calls handlers the way Nest's gRPC server does. */
class InProcessGrpc extends Server implements CustomTransportStrategy {
  listen(started: () => void): void {
    started();
  }

  close(): void {}

  on(): void {}

  unwrap<T>(): T {
    throw new Error('There is no server underneath.');
  }

  async unary(rpc: string, request: unknown): Promise<unknown> {
    const call = new GrpcCall(request);
    return this.outcomeOf(rpc, 'no_stream', [request, call.metadata, call]);
  }

  async streamCall(rpc: string, request: unknown): Promise<unknown> {
    return this.outcomeOf(rpc, 'pt_stream', [new GrpcCall(request)]);
  }

  private async outcomeOf(rpc: string, streaming: string, args: readonly unknown[]): Promise<unknown> {
    const handler = this.getHandlerByPattern(JSON.stringify({ service: 'Payments', rpc, streaming }));
    const outcome: unknown = await Reflect.apply(handler ?? (() => 'no handler'), undefined, args);
    const value$ = isObservable(outcome) ? outcome : from([outcome]);
    return firstValueFrom(value$).catch((error: unknown) => error);
  }
}

@Controller()
class PaymentsController {
  @GrpcMethod('Payments', 'Charge')
  charge(code: string): unknown {
    throw new AnyResilienceError(code, 1_500);
  }

  @GrpcStreamCall('Payments', 'Follow')
  follow(call: GrpcCall): unknown {
    throw new AnyResilienceError(String(call.request));
  }
}

@Module({ imports: [MappingModule], controllers: [PaymentsController] })
class PaymentsModule {}

describe('over gRPC', () => {
  const strategy = new InProcessGrpc();
  let service: INestMicroservice | undefined;

  afterEach(() => service?.close());

  async function start(): Promise<InProcessGrpc> {
    service = await NestFactory.createMicroservice(PaymentsModule, { strategy, logger: false });
    await service.listen();
    return strategy;
  }

  it.each(TABLE)('NI-36: %s has the number %d', async (name, number) => {
    const grpc = await start();
    const code = `RESILIENCE_${name}`;

    const error = await grpc.unary('Charge', code);

    expect(error).toEqual({
      status: 'error',
      code: number,
      message: `${code}: Payments.charge: not now`,
      retryAfterMs: 1_500,
    });
  });

  it('knows a handler that has nothing but the call', async () => {
    const grpc = await start();

    const error = await grpc.streamCall('Follow', 'RESILIENCE_TIMEOUT_EXCEEDED');

    expect(error).toEqual({
      status: 'error',
      code: 4,
      message: 'RESILIENCE_TIMEOUT_EXCEEDED: Payments.charge: not now',
    });
  });
});
