import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { InvalidOptionsError, ResilienceService, Retryable, retryInfo } from 'nestjs-selfheal';
import { Applications, Backend, outcomeOf } from '../../../support/nest-applications.js';

const SLOW = {
  maxAttempts: 3,
  backoff: { type: 'fixed', initialDelay: 100, jitter: 'none' },
  budget: false,
} as const;
let backend: Backend;

beforeEach(() => {
  backend = new Backend('F,F,S');
});

@Injectable()
class Decorated {
  @Retryable(SLOW)
  run(): Promise<string> {
    return backend.ask();
  }

  @Retryable({ ...SLOW, backoff: { type: 'fixed', initialDelay: 2_000, jitter: 'none' } })
  slow(): Promise<string> {
    return backend.ask();
  }
}

describe('policies without a decorator', () => {
  const applications = new Applications();

  async function start() {
    const world = await applications.start({ providers: [Decorated] }, { retries: { stripe: SLOW } });
    backend = new Backend('F,F,S', world.clock);
    return { ...world, service: world.get(ResilienceService) };
  }

  it('CP-33: the loop runs until nothing fails, with the delays between', async () => {
    const { service, clock, events } = await start();
    const rounds: number[] = [];
    let value: unknown;

    const loop = (async () => {
      for await (const attempt of service.attempts(SLOW)) {
        rounds.push(attempt.attempt);
        await attempt.run(async () => {
          value = await backend.ask();
        });
      }
    })();
    await clock.runAll();
    await loop;

    expect([rounds, backend.runsAt, value]).toEqual([[1, 2, 3], [0, 100, 200], 'S']);
    expect(events.kinds).toEqual(['retry.scheduled', 'retry.scheduled', 'retry.recovered']);
  });

  it('CP-33: after the last failure the loop throws it, the same object', async () => {
    const { service, clock } = await start();
    backend = new Backend('F', clock);

    const loop = outcomeOf(async () => {
      for await (const attempt of service.attempts(SLOW)) {
        await backend.ask().catch((error: unknown) => attempt.fail(error));
      }
    });
    await clock.runAll();

    const { error } = await loop;
    expect(error).toBe(backend.errors[2]);
    expect(retryInfo(error)).toEqual({ attempts: 3, reason: 'exhausted', elapsedMs: 200 });
  });

  it('CP-33: a value that counts as a failure begins another round', async () => {
    const { service, clock } = await start();
    backend = new Backend('no,no,yes', clock);
    const options = { ...SLOW, retryOnResult: (value: unknown) => value === 'no' };

    const loop = outcomeOf(async () => {
      for await (const attempt of service.attempts(options)) await attempt.run(() => backend.ask());
    });
    await clock.runAll();

    expect((await loop).error).toBeUndefined();
    expect(backend.runsAt).toEqual([0, 100, 200]);
  });

  it('CP-33: execute, wrap and the decorator give the same runs and events', async () => {
    const { service, get, clock, events } = await start();
    const ways: Readonly<Record<string, () => Promise<string>>> = {
      decorator: () => get(Decorated).run(),
      execute: () => service.execute(SLOW, () => backend.ask()),
      name: () => service.execute('stripe', () => backend.ask()),
      wrap: service.wrap(() => backend.ask(), SLOW),
    };

    for (const [way, call] of Object.entries(ways)) {
      events.clear();
      const beganMs = clock.nowMs();
      backend = new Backend('F,F,S', clock);
      const outcome = outcomeOf(call);
      await clock.runAll();

      expect([way, (await outcome).value]).toEqual([way, 'S']);
      expect(backend.runsAt.map((atMs) => atMs - beganMs)).toEqual([0, 100, 200]);
      expect(events.kinds).toEqual(['retry.scheduled', 'retry.scheduled', 'retry.recovered']);
    }
  });

  it("CP-33: a signal that aborts during the delay ends the call at once with the abort's reason", async () => {
    const { service, clock } = await start();
    const controller = new AbortController();
    const reason = new Error('the caller left');

    const outcome = outcomeOf(() =>
      service.execute(SLOW, () => backend.ask(), { signal: controller.signal }),
    );
    await clock.advance(50);
    controller.abort(reason);

    expect((await outcome).error).toBe(reason);
    expect([clock.nowMs(), backend.runs, clock.allTimers]).toEqual([50, 1, 0]);
  });

  it('RT-53: with a signal that is aborted already, nothing runs', async () => {
    const { service } = await start();
    const reason = new Error('gone before');
    const signal = AbortSignal.abort(reason);

    const executed = await outcomeOf(() => service.execute(SLOW, () => backend.ask(), { signal }));
    const looped = await outcomeOf(async () => {
      for await (const attempt of service.attempts(SLOW, { signal })) await attempt.run(() => backend.ask());
    });

    expect([executed.error, looped.error]).toEqual([reason, reason]);
    expect(backend.runs).toBe(0);
  });

  it("RT-56: closing the application ends a delay with the method's error, reason shutdown", async () => {
    const { get, app, clock } = await start();
    const outcome = outcomeOf(() => get(Decorated).slow());
    await clock.advance(500);

    await app.close();

    const { error } = await outcome;
    expect(error).toBe(backend.errors[0]);
    expect(retryInfo(error)).toEqual({ attempts: 1, reason: 'shutdown', elapsedMs: 500 });
    expect([clock.nowMs(), clock.allTimers]).toEqual([500, 0]);
  });

  it('an unknown name is refused, and the known ones are told', async () => {
    const { service } = await start();

    const { error } = await outcomeOf(() => service.execute('stirpe', () => backend.ask()));

    expect(error).toMatchObject({
      code: 'RESILIENCE_INVALID_OPTIONS',
      message: expect.stringMatching(/stirpe.*stripe/),
    });
  });

  it.each([
    [
      'a policy that is misspelt',
      { operation: 'stripe', retry: {}, bulkhed: 1 },
      /^stripe: .*bulkhed.*bulkhead/,
    ],
    ['an option of the retry beside it', { retry: {}, maxAttempts: 1 }, /^execute: .*maxAttempts/],
  ])('%s is refused: nothing would stand in its place', async (_, policies, message) => {
    const { service } = await start();

    const executed = await outcomeOf(() => service.execute(policies, async () => 'S'));
    const changed = (): unknown => service.policy('stripe').with(policies);

    expect(executed.error).toMatchObject({ message: expect.stringMatching(message) });
    expect(changed).toThrow(InvalidOptionsError);
  });

  it('wrap keeps arguments, and each call is a call of its own', async () => {
    const { service, clock } = await start();
    const wrapped = service.wrap(async (one: number, two: number) => {
      await backend.ask();
      return one + two;
    }, SLOW);

    const outcome = outcomeOf(() => wrapped(1, 2));
    await clock.runAll();

    expect((await outcome).value).toBe(3);
    expect(await wrapped(3, 4)).toBe(7);
  });

  it('wrap keeps name, length and `this` of the function', async () => {
    const { service } = await start();
    const shop = { vat: 2, gross: (_net: number): Promise<number> => Promise.resolve(0) };

    shop.gross = service.wrap(async function gross(this: typeof shop, net: number) {
      return net * this.vat;
    }, SLOW);

    expect([shop.gross.name, shop.gross.length]).toEqual(['gross', 1]);
    expect(await shop.gross(21)).toBe(42);
  });
});
