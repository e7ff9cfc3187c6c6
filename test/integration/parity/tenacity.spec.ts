import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  ResilienceEvents,
  ResilienceExplorer,
  ResilienceService,
  Retryable,
  type RetryOptions,
} from 'nestjs-selfheal';
import { defer, isObservable, lastValueFrom, type Observable, of, throwError } from 'rxjs';
import { Applications, AT_ONCE, outcomeOf } from '../../support/nest-applications.js';
import { httpError } from '../../support/retry-world.js';

@Injectable()
class Jobs {
  runs = 0;

  @Retryable()
  async bare(): Promise<never> {
    this.runs += 1;
    throw httpError(503);
  }

  @Retryable(AT_ONCE)
  async named(script: readonly string[], key = 'none'): Promise<string> {
    const outcome = script[this.runs] ?? 'there';
    this.runs += 1;
    if (outcome === 'F') throw httpError(503);
    return key;
  }

  /** Nothing tells what it gives before its first call. */
  @Retryable(AT_ONCE)
  unknown(script: readonly string[]): PromiseLike<string> {
    const outcome = script[this.runs] ?? 'there';
    this.runs += 1;
    return outcome === 'F' ? Promise.reject(httpError(503)) : Promise.resolve(outcome);
  }

  @Retryable(AT_ONCE)
  stream(): Observable<number> | Promise<number> {
    return defer(() => {
      this.runs += 1;
      return this.runs % 2 === 1 ? throwError(() => httpError(503)) : of(this.runs);
    });
  }

  @Retryable('patient')
  async patient(): Promise<never> {
    this.runs += 1;
    throw httpError(503);
  }
}

/** Named by the rows of spec/parity.md that need an application; the others stand in test/unit/parity. */
describe('tenacity, in an application', () => {
  const applications = new Applications();
  const slow: RetryOptions = { budget: false, backoff: { type: 'fixed', initialDelay: 100, jitter: 'none' } };

  async function given(options = {}) {
    const retries = { patient: { ...AT_ONCE, maxAttempts: 5 } };
    const world = await applications.start({ providers: [Jobs] }, { retries, ...options });
    const jobs = world.get(Jobs);
    const runsOf = async (call: () => Promise<unknown>): Promise<number> => {
      jobs.runs = 0;
      const outcome = outcomeOf(call);
      await world.clock.runAll();
      await outcome;
      return jobs.runs;
    };
    return { ...world, jobs, runsOf, service: world.get(ResilienceService) };
  }

  it('bare decorator: 3 attempts, full jitter, budget', async () => {
    const { runsOf, jobs, events } = await given();

    const runs: number[] = [];
    for (let call = 0; call < 6; call += 1) runs.push(await runsOf(() => jobs.bare()));

    // Two retries a call, until the ten tokens of the budget are spent.
    expect(runs).toEqual([3, 3, 3, 3, 3, 1]);
    // The clock's chance is a half: full jitter of 100 and 200.
    expect(
      events
        .of('retry.scheduled')
        .map(({ delayMs }) => delayMs)
        .slice(0, 2),
    ).toEqual([50, 100]);
  });

  it('decorator with options: every call has its own state, name and length are kept', async () => {
    const { jobs } = await given();
    const { named } = Jobs.prototype;

    const first = await jobs.named(['F', 'F'], 'one');
    const second = await jobs.named(['', '', '', 'F', 'F'], 'two');

    expect([first, second, jobs.runs]).toEqual(['one', 'two', 6]);
    expect([named.name, named.length]).toEqual(['named', 1]);
  });

  it('calling a controller with a function: execute and wrap', async () => {
    const { service, clock } = await given();
    const runsAt: number[] = [];
    const fail = async (): Promise<never> => {
      runsAt.push(clock.nowMs());
      throw httpError(503);
    };

    const calls = [outcomeOf(() => service.execute(slow, fail)), outcomeOf(service.wrap(fail, slow))];
    await clock.runAll();
    await Promise.all(calls);

    expect(runsAt).toEqual([0, 0, 100, 100, 200, 200]);
  });

  it('block form: attempts(); the value is whatever the body assigns', async () => {
    const { service, clock } = await given();
    let value = 0;

    const loop = (async () => {
      for await (const attempt of service.attempts(slow)) {
        await attempt.run(async () => {
          value += 1;
          if (value < 3) throw httpError(503);
        });
      }
    })();
    await clock.runAll();
    await loop;

    expect(value).toBe(3);
  });

  it('block form: a loop that is left after a success has succeeded, for its budget and its hooks as well', async () => {
    const { service, clock, events } = await given();
    const onRetried: number[] = [];
    const options = {
      ...slow,
      budget: 'default',
      onRecovered: ({ attempts }: { attempts: number }) => onRetried.push(attempts),
    };
    let runs = 0;
    const recover = async (): Promise<unknown> => {
      for await (const attempt of service.attempts(options)) {
        await attempt.run(async () => {
          runs += 1;
          if (runs % 2 === 1) throw httpError(503);
        });
        if (attempt.failure === undefined) return attempt.attempt;
      }
      return undefined;
    };

    // The budget has ten tokens: the twelfth call could not be retried if none had come back.
    for (let call = 0; call < 12; call += 1) {
      const outcome = outcomeOf(recover);
      await clock.advance(100);
      expect((await outcome).value).toBe(2);
    }

    expect(onRetried).toHaveLength(12);
    expect(events.of('retry.recovered')).toHaveLength(12);
    expect(events.of('budget.refused')).toEqual([]);
  });

  it('block form: a loop that an error of its own leaves gives no token back', async () => {
    const { service, clock, events } = await given();
    const broken = new Error('of the loop, not of an attempt');
    const fail = async (): Promise<void> => {
      for await (const attempt of service.attempts({ ...slow, budget: 'default' })) {
        if (attempt.attempt === 2) throw broken;
        attempt.fail(httpError(503));
      }
    };

    for (let call = 0; call < 11; call += 1) {
      const outcome = outcomeOf(fail);
      await clock.advance(100);
      await outcome;
    }

    expect(events.of('budget.refused')).toHaveLength(1);
  });

  it('block form: tells of attempts and waits for preparations', async () => {
    const { service, clock } = await given();
    const told: string[] = [];
    const hooks: RetryOptions = {
      onAttempt: ({ attempt }) => told.push(`attempt ${attempt}`),
      prepareRetry: async ({ attempt }) => told.push(`prepare ${attempt}`),
    };

    const loop = outcomeOf(async () => {
      for await (const attempt of service.attempts({ ...slow, ...hooks, maxAttempts: 2 })) {
        await attempt.run(() => Promise.reject(httpError(503)));
      }
    });
    await clock.runAll();

    expect((await loop).error).toMatchObject({ status: 503 });
    expect(told).toEqual(['attempt 1', 'prepare 2', 'attempt 2']);
  });

  it('copy, retry_with: the options spread, with({…}), and overriding while running', async () => {
    const { service, jobs, runsOf } = await given();
    const fail = (): Promise<never> => {
      jobs.runs += 1;
      return Promise.reject(httpError(503));
    };
    const restore = service.override('Jobs.patient', { retry: { maxAttempts: 2 } });

    expect(await runsOf(() => service.execute({ ...AT_ONCE, maxAttempts: 4 }, fail))).toBe(4);
    expect(await runsOf(() => service.policy('patient').with({ maxAttempts: 6 }).execute(fail))).toBe(6);
    expect(await runsOf(() => jobs.patient())).toBe(2);
    restore();
    expect(await runsOf(() => jobs.patient())).toBe(5);
  });

  it('changing fn.retry.stop in tests: overrides of the testing module', async () => {
    const { jobs, runsOf } = await given({ overrides: { 'Jobs.patient': { retry: { maxAttempts: 1 } } } });

    expect(await runsOf(() => jobs.patient())).toBe(1);
  });

  it('enabled: of the module, and of one method', async () => {
    const off = await given({ enabled: false });
    expect(await off.runsOf(() => off.jobs.patient())).toBe(1);
    const one = await given({ overrides: { 'Jobs.patient': { retry: false } } });

    expect(await one.runsOf(() => one.jobs.patient())).toBe(1);
    expect(await one.runsOf(() => one.jobs.bare())).toBe(3);
  });

  it('name: the operation is class and method, the name a configuration of the module', async () => {
    const { jobs, runsOf, events, get } = await given();

    const runs = await runsOf(() => jobs.patient());

    expect(runs).toBe(5);
    expect(events.of('retry.gave-up')).toMatchObject([{ operation: 'Jobs.patient', policy: 'patient' }]);
    const described = get(ResilienceExplorer).describe();
    expect(described.map(({ operation }) => operation)).toContain('Jobs.patient');
  });

  it('stop_never: a boot without a limit of time warns, and starts', async () => {
    const endless = { maxAttempts: Number.POSITIVE_INFINITY };
    await given({ logger: true, defaults: { retry: endless } });
    const warned = applications.lines.lines.filter((line) => line.includes('Infinity'));
    applications.lines.lines.length = 0;
    await given({ logger: true, defaults: { retry: { ...endless, maxDuration: '1m' } } });

    expect(warned).toEqual([expect.stringContaining('Jobs.bare: retry.maxAttempts is Infinity')]);
    expect(applications.lines.lines.join('\n')).not.toContain('Infinity');
  });

  it('before: a method of which nobody knows yet what it gives is told of once too', async () => {
    const told: unknown[] = [];
    const onAttempt: RetryOptions['onAttempt'] = ({ attempt, operation }) => told.push([operation, attempt]);
    const { jobs } = await given({ defaults: { retry: { onAttempt } } });

    await jobs.unknown(['F']);
    await jobs.unknown([]);
    const stream = jobs.stream();
    jobs.runs = 0;
    if (isObservable(stream)) await lastValueFrom(stream);
    if (isObservable(stream)) await lastValueFrom(stream);

    expect(told).toEqual([
      ['Jobs.unknown', 1],
      ['Jobs.unknown', 2],
      ['Jobs.unknown', 1],
      ['Jobs.stream', 1],
      ['Jobs.stream', 2],
      ['Jobs.stream', 1],
      ['Jobs.stream', 2],
    ]);
  });

  it('before_log, after_log, before_sleep_log: ResilienceEvents', async () => {
    const { jobs, runsOf, get } = await given();
    const kinds: string[] = [];
    const subscription = get(ResilienceEvents).subscribe(({ kind }) => kinds.push(kind));

    await runsOf(() => jobs.named(['F', 'F']));
    subscription.unsubscribe();

    expect(kinds).toEqual(['retry.scheduled', 'retry.scheduled', 'retry.recovered']);
  });
});
