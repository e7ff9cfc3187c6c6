import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestMiddleware,
} from '@nestjs/common';
import {
  Bulkhead,
  BulkheadRegistry,
  CircuitBreaker,
  CircuitBreakerRegistry,
  RateLimiter,
  Retryable,
} from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, type Platform, until } from '../../../support/nest-applications.js';

const users = new AsyncLocalStorage<string>();
let backend: Backend;
let hooks: string[] = [];
let gates: (() => void)[] = [];

beforeEach(() => {
  backend = new Backend('S');
  hooks = [];
  gates = [];
});

/** Waits until the test opens the gate of this execution. */
function gate(): Promise<void> {
  return new Promise((resolve) => {
    gates.push(resolve);
  });
}

@Injectable()
class Greeter {
  @Bulkhead({ maxConcurrentCalls: 1, maxQueueSize: 10 })
  async greet(): Promise<string> {
    await gate();
    return users.getStore() ?? 'nobody';
  }
}

@Controller()
class LoadedController {
  constructor(private readonly greeter: Greeter) {}

  @Get('greet')
  greet(): Promise<string> {
    return this.greeter.greet();
  }

  @Get('probe')
  @CircuitBreaker('probe')
  async probe(): Promise<string> {
    await gate();
    return backend.next();
  }

  @Get('rate')
  @RateLimiter({ limit: 3, window: '1m' })
  async rate(): Promise<string> {
    return 'served';
  }

  @Get('hooks')
  @Retryable({
    ...AT_ONCE,
    backoff: { type: 'fixed', initialDelay: 100, jitter: 'none' },
    onRetry: () => void hooks.push(`retry ${users.getStore()}`),
    onRecovered: () => void hooks.push(`recovered ${users.getStore()}`),
  })
  async hooked(): Promise<string> {
    hooks.push(`run ${users.getStore()}`);
    return backend.next();
  }
}

class UserMiddleware implements NestMiddleware {
  use(request: { headers: Record<string, string> }, _response: unknown, next: () => void): void {
    users.run(request.headers['x-user'] ?? 'nobody', next);
  }
}

@Module({ controllers: [LoadedController], providers: [Greeter] })
class LoadedModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(UserMiddleware).forRoutes(LoadedController);
  }
}

describe.each<Platform>(['Express', 'Fastify'])('many requests at once, on %s', (platform) => {
  const applications = new Applications();
  const start = () => applications.listen(platform, { imports: [LoadedModule] });

  const as = (user: string, url: string): Promise<string> =>
    fetch(url, { headers: { 'x-user': user } }).then((answer) => answer.text());

  it('NI-49: a queued call runs in the async context of its own request', async () => {
    const { address, get } = await start();
    const bulkhead = get(BulkheadRegistry).get('Greeter.greet');

    const answers: Promise<string>[] = [];
    for (const [before, user] of ['alice', 'bob', 'carol'].entries()) {
      answers.push(as(user, `${address}/greet`));
      await until(() => bulkhead.snapshot().inUse + bulkhead.snapshot().queued === before + 1);
    }
    for (let run = 0; run < 3; run += 1) {
      await until(() => gates.length > run);
      gates[run]?.();
    }

    expect(await Promise.all(answers)).toEqual(['alice', 'bob', 'carol']);
    expect(bulkhead.snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('NI-50: when the wait of an open breaker is over, one of a hundred requests probes', async () => {
    const { address, get, clock } = await start();
    const breaker = get(CircuitBreakerRegistry).get('probe');
    const down = Object.assign(new Error('down'), { status: 503 });
    for (let call = 0; call < 5; call += 1) {
      await breaker.execute(() => Promise.reject(down)).catch(() => undefined);
    }
    await clock.advance(1_000);

    const answers = Array.from({ length: 100 }, () => fetch(`${address}/probe`));
    let refused = 0;
    for (const answer of answers) void answer.then(({ status }) => (refused += Number(status === 503)));
    await until(() => refused === 99);
    gates[0]?.();

    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(backend.runs).toBe(1);
    expect(breaker.state).toBe('closed');
  });

  it('NI-52: of fifty requests at once three are served, the others are told when to come again', async () => {
    const { address } = await start();

    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${address}/rate`)));

    const served = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect([served.length, refused.length]).toEqual([3, 47]);
    expect(new Set(refused.map(({ headers }) => headers.get('retry-after')))).toEqual(new Set(['60']));
  });

  it('N31: attempts and hooks run in the async context of their own request', async () => {
    const { address, clock } = await start();
    backend = new Backend('F,F,S');

    const alice = as('alice', `${address}/hooks`);
    const bob = as('bob', `${address}/hooks`);
    await until(() => hooks.length === 4);
    await users.run('the clock', () => clock.advance(100));

    expect(await Promise.all([alice, bob])).toEqual(['S', 'S']);
    expect(hooks.filter((line) => line.endsWith('alice')).sort()).toEqual(
      ['recovered alice', 'retry alice', 'run alice', 'run alice'].sort(),
    );
    expect(hooks).toHaveLength(8);
    expect(hooks.filter((line) => !/alice|bob/.test(line))).toEqual([]);
  });
});
