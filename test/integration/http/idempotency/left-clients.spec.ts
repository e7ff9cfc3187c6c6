import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { Readable } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import {
  Body,
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  Post,
  Res,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { defer, NEVER, type Observable } from 'rxjs';
import { Idempotent, IdempotencyService } from 'nestjs-selfheal';
import { ManualClock, ResilienceTestingModule } from 'nestjs-selfheal/testing';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { codeOf, Gate, open, PLATFORMS, type Shop } from './shop.js';

const UNAVAILABLE = 'RESILIENCE_IDEMPOTENCY_REPLAY_UNAVAILABLE';

const applications = new Applications();
let runs = 0;
let intercepted = 0;
let gate = new Gate();

interface AnyResponse {
  readonly raw?: AnyResponse;
  readonly destroyed: boolean;
  send(payload: unknown): void;
}

/** As one that asks another server who the client is. */
class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await gate.wait();
    return true;
  }
}

class SlowPipe implements PipeTransform {
  async transform(body: unknown): Promise<unknown> {
    await gate.wait();
    return body;
  }
}

/** As one that reads the rest of a body, and is told by nobody that there will be none. */
class Silent implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const isFirst = (intercepted += 1) === 1;
    if (isFirst) void gate.wait();
    return isFirst ? NEVER : next.handle();
  }
}

@Controller()
class Files {
  @UseGuards(SlowGuard)
  @Idempotent({ scope: 'shared' })
  @Post('guarded-stream')
  async guardedStream(): Promise<StreamableFile> {
    runs += 1;
    return new StreamableFile(Readable.from(['one ', 'two']));
  }

  @Idempotent({ scope: 'shared', onInFlight: 'wait' })
  @Post('waiting')
  async waiting(): Promise<object> {
    runs += 1;
    await gate.wait();
    return { run: runs };
  }

  @Idempotent({ scope: 'shared' })
  @Post('piped-stream')
  pipedStream(@Body(SlowPipe) _body: unknown): Observable<object> {
    return defer(async () => ({ run: (runs += 1) }));
  }

  @UseInterceptors(Silent)
  @Idempotent({ scope: 'shared' })
  @Post('never-begun')
  async neverBegun(): Promise<object> {
    return { run: (runs += 1) };
  }

  @Idempotent({ scope: 'shared' })
  @Post('promised-stream')
  async promisedStream(): Promise<Observable<object>> {
    await Promise.resolve();
    return defer(async () => {
      await gate.wait();
      runs += 1;
      return { run: runs };
    });
  }

  @Idempotent({ scope: 'shared' })
  @Post('gives-up')
  async givesUp(@Res() response: AnyResponse): Promise<void> {
    runs += 1;
    await gate.wait();
    if (!(response.raw ?? response).destroyed) response.send(`run ${runs}`);
  }
}

/** What is recorded when the gate was open for long enough. */
async function outcomeOf(app: INestApplication, member: string): Promise<unknown> {
  gate.open();
  const service = app.get(IdempotencyService);
  for (let turn = 0; turn < 100; turn += 1) {
    await after(5);
    await app.get(ManualClock).advance(100);
    const record = await service.inspect({ operation: `Files.${member}`, key: 'k', scope: 'shared' });
    if (record?.state === 'completed') return record.outcome;
    if (record?.state === 'released') return 'released';
  }
  return 'still in progress';
}

describe.each(PLATFORMS)(`clients that leave a guarded route on %s, Nest ${nestMajor}`, (platform) => {
  const openFiles = (): Promise<Shop> => {
    runs = 0;
    gate = new Gate();
    return open(applications, platform, { controllers: [Files] });
  };

  /** Leaves while the gate is closed. */
  const leave = async (shop: Shop, member: string, path: string, waitMs = 0): Promise<unknown> => {
    const left = shop.send(path, { key: 'k', leaveAfterMs: 40 }).catch((error: Error) => error.message);
    await gate.reached;
    expect(await left).toBe('left');
    await after(20);
    await shop.app.get(ManualClock).advance(waitMs);
    return outcomeOf(shop.app, member);
  };

  it('while a guard looks: a stream that nobody reads any more does not keep its key for ever', async () => {
    const shop = await openFiles();

    const outcome = await leave(shop, 'guardedStream', '/guarded-stream');
    const retry = await shop.send('/guarded-stream', { key: 'k' });

    expect([outcome, runs, retry.status]).toEqual(['tombstone', 1, 409]);
    expect(codeOf(retry)).toBe(UNAVAILABLE);
  });

  it('while an Observable that was promised is under way: it is done to its end, and its value replayed', async () => {
    const shop = await openFiles();

    const outcome = await leave(shop, 'promisedStream', '/promised-stream');
    const retry = await shop.send('/promised-stream', { key: 'k' });

    expect(['value', 'wire']).toContain(outcome);
    expect([retry.status, retry.text, retry.isReplay, runs]).toEqual([201, '{"run":1}', true, 1]);
  });

  it('before its Observable is begun: its retry begins one, at once or behind it', async () => {
    const shop = await openFiles();

    const outcome = await leave(shop, 'pipedStream', '/piped-stream');
    const retry = await shop.send('/piped-stream', { key: 'k' });

    // Nest 12 does not begin it any more.
    expect(['released', 'wire', 'value']).toContain(outcome);
    expect([retry.status, retry.text, runs]).toEqual([201, '{"run":1}', 1]);
  });

  it('before its method is entered: what never ends around it keeps the key for a lease and not longer', async () => {
    const shop = await openFiles();
    intercepted = 0;

    const outcome = await leave(shop, 'neverBegun', '/never-begun', 31_000);
    const retry = await shop.send('/never-begun', { key: 'k' });

    expect(outcome).toBe('released');
    expect([retry.status, retry.text, retry.isReplay, runs]).toEqual([201, '{"run":1}', false, 1]);
  });

  it('before a handler writes its answer: its retry is told that there is none, and does not wait', async () => {
    const shop = await openFiles();

    const outcome = await leave(shop, 'givesUp', '/gives-up');
    const retry = await shop.send('/gives-up', { key: 'k' });

    expect([outcome, runs, retry.status]).toEqual(['tombstone', 1, 409]);
    expect(codeOf(retry)).toBe(UNAVAILABLE);
  });
});

describe.each(PLATFORMS)(`a client that waits on %s, Nest ${nestMajor}`, (platform) => {
  it('and leaves is no failure of the application', async () => {
    runs = 0;
    gate = new Gate();
    const shop = await open(applications, platform, { controllers: [Files] });
    const owner = shop.send('/waiting', { key: 'k' });
    await gate.reached;

    const left = shop.send('/waiting', { key: 'k', leaveAfterMs: 60 }).catch((error: Error) => error.message);
    expect(await left).toBe('left');
    await after(40);
    gate.open();

    expect([(await owner).status, runs]).toEqual([201, 1]);
    expect(applications.lines.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });
});

describe(`clients of HTTP/2 that leave a guarded route, Nest ${nestMajor}`, () => {
  it('while a guard looks: a stream that nobody reads any more does not keep its key for ever', async () => {
    runs = 0;
    gate = new Gate();
    const module = await Test.createTestingModule({
      imports: [ResilienceTestingModule.forRoot()],
      controllers: [Files],
    }).compile();
    const app = applications.keep(module.createNestApplication(new FastifyAdapter({ http2: true })));
    await app.listen(0, '127.0.0.1');
    const client = connect(await app.getUrl());
    const request = client.request({ ':method': 'POST', ':path': '/guarded-stream', 'idempotency-key': 'k' });
    request.end();
    await gate.reached;
    request.close(constants.NGHTTP2_CANCEL);
    await once(request, 'close');
    await after(20);

    const outcome = await outcomeOf(app, 'guardedStream');
    client.close();

    // Whether the stream was read by then is the platform's business.
    expect(['tombstone', 'wire']).toContain(outcome);
    expect(runs).toBe(1);
  });
});
