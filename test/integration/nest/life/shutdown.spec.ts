import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type BeforeApplicationShutdown,
  Controller,
  Get,
  Injectable,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Bulkhead, ResilienceEvents, Retryable, retryInfo } from 'nestjs-selfheal';
import {
  Applications,
  AT_ONCE,
  Backend,
  outcomeOf,
  type Platform,
  until,
} from '../../../support/nest-applications.js';

let backend: Backend;
let last: unknown;
let release = (): void => undefined;

beforeEach(() => {
  backend = new Backend('F,F,S');
});

@Controller()
class WaitingController {
  @Get()
  async wait(): Promise<string> {
    try {
      return await this.retried();
    } catch (error) {
      last = error;
      throw error;
    }
  }

  @Retryable({ backoff: { type: 'fixed', initialDelay: '1m', maxDelay: '1m', jitter: 'none' } })
  retried(): Promise<string> {
    return backend.ask();
  }
}

@Injectable()
class Leaving implements OnModuleDestroy {
  outcome: unknown;

  async onModuleDestroy(): Promise<void> {
    this.outcome = await outcomeOf(() => this.say());
  }

  @Retryable(AT_ONCE)
  say(): Promise<string> {
    return backend.ask();
  }
}

@Injectable()
class LeavingLate implements BeforeApplicationShutdown {
  outcome: unknown;

  async beforeApplicationShutdown(): Promise<void> {
    this.outcome = await outcomeOf(() => this.say());
  }

  @Retryable(AT_ONCE)
  say(): Promise<string> {
    return backend.ask();
  }
}

@Injectable()
class Queued {
  @Bulkhead({ maxConcurrentCalls: 1, maxQueueSize: 5 })
  async run(name: string): Promise<string> {
    if (name === 'first') await new Promise<void>((resolve) => (release = resolve));
    return name;
  }
}

describe('when the application closes', () => {
  const applications = new Applications();

  it.each<Platform>(['Express', 'Fastify'])(
    "NI-60: a handler in a long delay answers with the method's error, on %s",
    async (platform) => {
      const { app, address, clock, get } = await applications.listen(platform, {
        controllers: [WaitingController],
      });
      const kinds: string[] = [];
      get(ResilienceEvents).subscribe(({ kind }) => kinds.push(kind));
      const answered = fetch(address);
      await until(() => kinds.includes('retry.scheduled'));

      const closed = app.close();
      const answer = await answered;
      await closed;
      await app.close();

      expect(answer.status).toBe(500);
      expect(last).toBe(backend.errors[0]);
      expect(retryInfo(last)).toMatchObject({ attempts: 1, reason: 'shutdown' });
      // The minute of the delay has not passed.
      expect([clock.nowMs(), clock.allTimers]).toEqual([0, 0]);
    },
  );

  it('NI-61: a call in onModuleDestroy is still retried', async () => {
    const { app, get } = await applications.start({ providers: [Leaving] });

    await app.close();

    expect(get(Leaving).outcome).toEqual({ value: 'S' });
    expect(backend.runs).toBe(3);
  });

  it('NI-61: a call in beforeApplicationShutdown runs once and gets its error', async () => {
    const { app, get } = await applications.start({ providers: [LeavingLate] });

    await app.close();

    expect(get(LeavingLate).outcome).toEqual({ error: backend.errors[0] });
    expect(backend.runs).toBe(1);
  });

  it('N33: callers already in a queue are still served', async () => {
    const { app, get } = await applications.start({ providers: [Queued] });
    const answers = ['first', 'second', 'third'].map((name) => get(Queued).run(name));

    await app.close();
    release();

    expect(await Promise.all(answers)).toEqual(['first', 'second', 'third']);
  });
});
