import { setTimeout as after } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  ConflictException,
  Controller,
  type ExecutionContext,
  InternalServerErrorException,
  type NestInterceptor,
  type PipeTransform,
  Body,
  Post,
  Res,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { from, map, type Observable, switchMap, timeout } from 'rxjs';
import { CallContext, Idempotent, IdempotencyService, Retryable, TimeLimiter } from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { codeOf, Gate, open, PLATFORMS, type Shop } from './shop.js';

const applications = new Applications();
let runs = 0;
let gate = new Gate();
let pipeGate: Gate | undefined;
let broken = 0;

/** A response of either platform. */
interface AnyResponse {
  header(name: string, value: string): void;
  status(code: number): void;
}

class ForeignTimeout implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(timeout(30));
  }
}

class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

class BreaksOnce implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      switchMap((data: unknown) => {
        broken += 1;
        if (broken === 1) throw new InternalServerErrorException('envelope is broken');
        return from([{ data }]);
      }),
    );
  }
}

class SlowPipe implements PipeTransform {
  async transform(body: unknown): Promise<unknown> {
    await pipeGate?.wait();
    return body;
  }
}

@Controller()
class Slow {
  @Idempotent({ scope: 'shared' })
  @Post('plain')
  async plain(): Promise<object> {
    runs += 1;
    await gate.wait();
    return { run: runs };
  }

  @Idempotent({ scope: 'shared', onInFlight: 'wait' })
  @Post('waiting')
  async waiting(): Promise<object> {
    runs += 1;
    await gate.wait();
    return { run: runs };
  }

  @UseInterceptors(Envelope, ForeignTimeout)
  @Idempotent({ scope: 'shared' })
  @Post('timed')
  async timed(): Promise<object> {
    runs += 1;
    await gate.wait();
    return { run: runs };
  }

  @UseInterceptors(ForeignTimeout)
  @Idempotent({ scope: 'shared' })
  @Post('timed-failing')
  async timedFailing(): Promise<object> {
    runs += 1;
    await gate.wait();
    throw new ConflictException(`run ${runs}`);
  }

  @UseInterceptors(BreaksOnce)
  @Idempotent({ scope: 'shared' })
  @Post('breaking')
  async breaking(): Promise<object> {
    runs += 1;
    return { run: runs };
  }

  @UseInterceptors(BreaksOnce)
  @Idempotent({ scope: 'shared' })
  @Post('breaking-accepted')
  async breakingAccepted(@Res({ passthrough: true }) response: AnyResponse): Promise<object> {
    runs += 1;
    response.status(202);
    response.header('Location', `/orders/${runs}`);
    response.header('X-Other', 'not replayed');
    return { run: runs };
  }

  @UseInterceptors(ForeignTimeout)
  @Idempotent({ scope: 'shared' })
  @Post('piped')
  async piped(@Body(new SlowPipe()) _body: unknown): Promise<string> {
    runs += 1;
    return 'entered';
  }

  @Idempotent({ scope: 'shared' })
  @TimeLimiter('30ms')
  @Post('limited')
  async limited(): Promise<string> {
    runs += 1;
    await gate.wait();
    return `run ${runs}`;
  }

  @Idempotent({ scope: 'shared' })
  @Retryable({ maxAttempts: 3, backoff: { type: 'fixed', initialDelay: 0 }, budget: false })
  @Post('retried')
  async retried(@CallContext() call?: CallContext): Promise<string> {
    runs += 1;
    if (runs < 3) throw Object.assign(new Error('busy'), { status: 503 });
    return `attempt ${call?.attempt} under fence ${call?.idempotency?.fence.length}`;
  }

  @Idempotent({ scope: 'shared' })
  @Post('streamed')
  async streamed(): Promise<StreamableFile> {
    runs += 1;
    async function* parts(): AsyncGenerator<Buffer> {
      yield Buffer.from('one ');
      await gate.wait();
      yield Buffer.from('two');
    }
    return new StreamableFile(Readable.from(parts()));
  }

  @Idempotent({ scope: 'shared' })
  @Post('calls-itself')
  async callsItself(@Res({ passthrough: true }) _response: unknown): Promise<string> {
    runs += 1;
    return this.callsItself(undefined);
  }
}

describe.each(PLATFORMS)(`answers that come late on %s, Nest ${nestMajor}`, (platform) => {
  const openSlow = (): Promise<Shop> => {
    runs = 0;
    broken = 0;
    gate = new Gate();
    pipeGate = undefined;
    return open(applications, platform, { controllers: [Slow] });
  };

  const recorded = async (shop: Shop, path: string): Promise<unknown> => {
    const operation = `Slow.${path}`;
    return (await shop.app.get(IdempotencyService).inspect({ operation, key: 'k', scope: 'shared' }))?.state;
  };

  const until = async (holds: () => unknown): Promise<void> => {
    for (let turn = 0; turn < 500 && (await holds()) !== true; turn += 1) await after(5);
    expect(await holds()).toBe(true);
  };

  it('ID-37: records what a client that has left does not hear of', async () => {
    const shop = await openSlow();

    const left = shop.send('/plain', { key: 'k', leaveAfterMs: 20 }).catch((error: Error) => error.message);
    await gate.reached;
    expect(await left).toBe('left');
    gate.open();
    await until(async () => (await recorded(shop, 'plain')) === 'completed');
    const retry = await shop.send('/plain', { key: 'k' });

    expect([retry.status, retry.text, retry.isReplay, runs]).toEqual([201, '{"run":1}', true, 1]);
  });

  it('ID-37: never runs again for a stream whose client has left', async () => {
    const shop = await openSlow();

    const left = shop
      .send('/streamed', { key: 'k', leaveAfterMs: 50 })
      .catch((error: Error) => error.message);
    await gate.reached;
    expect(await left).toBe('left');
    gate.open();
    await after(20);
    await shop.app.get(ManualClock).advance(2_000);
    await until(async () => (await recorded(shop, 'streamed')) === 'completed');
    const retry = await shop.send('/streamed', { key: 'k' });

    expect([201, 409]).toContain(retry.status);
    expect([retry.status === 409 || retry.text === 'one two', runs]).toEqual([true, 1]);
  });

  it('ID-41: keeps the value of a method that a foreign time limit has cut off', async () => {
    const shop = await openSlow();

    const first = await shop.send('/timed', { key: 'k' });
    const second = await shop.send('/timed', { key: 'k' });
    gate.open();
    await until(async () => (await recorded(shop, 'timed')) === 'completed');
    const third = await shop.send('/timed', { key: 'k' });

    expect(first.status).toBe(500);
    expect([second.status, codeOf(second)]).toEqual([409, 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT']);
    expect([third.status, third.text, third.isReplay, runs]).toEqual([201, '{"data":{"run":1}}', true, 1]);
  });

  it('judges the failure of such a method by its own status', async () => {
    const shop = await openSlow();

    const first = await shop.send('/timed-failing', { key: 'k' });
    gate.open();
    await until(async () => (await recorded(shop, 'timedFailing')) === 'completed');
    const second = await shop.send('/timed-failing', { key: 'k' });

    expect([first.status, second.status, second.isReplay, runs]).toEqual([500, 409, true, 1]);
    expect(JSON.parse(second.text)).toMatchObject({ message: 'run 1' });
  });

  it('ID-42: does not run again since an interceptor has failed behind the method', async () => {
    const shop = await openSlow();

    const first = await shop.send('/breaking', { key: 'k' });
    const second = await shop.send('/breaking', { key: 'k' });

    expect(first.status).toBe(500);
    expect([second.status, second.text, second.isReplay, runs]).toEqual([201, '{"data":{"run":1}}', true, 1]);
  });

  it('ID-42: says with such a value what its method has said on the response', async () => {
    const shop = await openSlow();

    const first = await shop.send('/breaking-accepted', { key: 'k' });
    const second = await shop.send('/breaking-accepted', { key: 'k' });

    expect(first.status).toBe(500);
    expect([second.status, second.text, second.isReplay, runs]).toEqual([202, '{"data":{"run":1}}', true, 1]);
    expect([second.headers['location'], second.headers['x-other']]).toEqual(['/orders/1', undefined]);
  });

  it('enters no method whose request was answered while it was in a pipe', async () => {
    const shop = await openSlow();
    pipeGate = new Gate();

    const first = await shop.send('/piped', { key: 'k', body: {} });
    const state = await recorded(shop, 'piped');
    pipeGate.open();
    await after(20);

    expect([first.status, state, runs]).toEqual([500, 'released', 0]);
  });

  it('lets duplicates wait, and a client that leaves goes alone', async () => {
    const shop = await openSlow();

    const owner = shop.send('/waiting', { key: 'k' });
    await gate.reached;
    const left = shop.send('/waiting', { key: 'k', leaveAfterMs: 20 }).catch((error: Error) => error.message);
    const waiters = Array.from({ length: 5 }, () => shop.send('/waiting', { key: 'k' }));
    expect(await left).toBe('left');
    gate.open();
    const answers = await Promise.all([owner, ...waiters]);

    expect(answers.map(({ status, text }) => [status, text])).toEqual(answers.map(() => [201, '{"run":1}']));
    expect(answers.filter(({ isReplay }) => isReplay)).toHaveLength(5);
  });

  it('ID-52: keeps the value of a method that our own time limit has cut off', async () => {
    const shop = await openSlow();
    const clock = shop.app.get(ManualClock);

    const sent = shop.send('/limited', { key: 'k' });
    await gate.reached;
    await clock.advance(30);
    const first = await sent;
    const second = await shop.send('/limited', { key: 'k' });
    gate.open();
    await until(async () => (await recorded(shop, 'limited')) === 'completed');
    const third = await shop.send('/limited', { key: 'k' });

    expect([first.status, second.status]).toEqual([504, 409]);
    expect([third.status, third.text, third.isReplay, runs]).toEqual([201, 'run 1', true, 1]);
  });

  it('ID-50: runs all attempts under one claim', async () => {
    const shop = await openSlow();

    const first = await shop.send('/retried', { key: 'k' });
    const second = await shop.send('/retried', { key: 'k' });

    expect([first.status, second.text, second.isReplay, runs]).toEqual([201, first.text, true, 3]);
    expect(shop.events.of('idempotency.executed')).toMatchObject([{ recorded: 'stored', attempts: 1 }]);
  });

  it('refuses a handler that calls itself with its own key', async () => {
    const shop = await openSlow();

    const answer = await shop.send('/calls-itself', { key: 'k' });

    expect([answer.status, codeOf(answer), runs]).toEqual([409, 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT', 1]);
  });
});
