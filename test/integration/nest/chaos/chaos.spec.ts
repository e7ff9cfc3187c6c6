import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChaosOptions, InvalidOptionsError, ResilienceExplorer } from 'nestjs-selfheal';
import { isObservable, lastValueFrom } from 'rxjs';
import { counted, outcomeOf, requests, S, startedApplication } from './chaotic-service.js';

type Started = Awaited<ReturnType<typeof startedApplication>>;

const DOWN = new Error('down');
let world: Started;

beforeEach(async () => {
  world = await startedApplication();
});
afterEach(() => world.app.close());

describe('Chaos', () => {
  it('CP-30: five injected errors open the breaker, and the method never runs', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.m', { errorRate: 1, error: DOWN });

    const outcomes: string[] = [];
    for (let call = 0; call < 6; call += 1) outcomes.push(await outcomeOf(service.m(), clock));

    expect(outcomes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'Error at 0'));
    expect(outcomes[5]).toBe('CircuitBreakerOpenError at 0');
    expect(service.runs).toBe(0);
  });

  it('CP-30: after clear and a closed breaker the method runs', async () => {
    const { chaos, service, breakers } = world;
    chaos.inject('S.m', { error: DOWN });
    for (let call = 0; call < 6; call += 1) await service.m().catch(() => undefined);

    chaos.clear();
    breakers.get('S.m').reset();

    expect(await service.m()).toBe('ok');
    expect(service.runs).toBe(1);
  });

  it('CP-30: a latency runs into the time limit, and its timer ends with it', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.limited', { latency: '200ms' });

    const outcome = outcomeOf(service.limited(), clock);
    await clock.advance(100);

    expect(await outcome).toBe('TimeoutExceededError at 100');
    expect(clock.pendingTimers).toBe(0);
    expect(service.runs).toBe(0);
  });

  it('throws the very error that was given, and retries take it for real', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.retried', { error: DOWN });

    const call = service.retried().catch((error: unknown) => error);
    await clock.advance(100);
    chaos.clear('S.retried');
    await clock.advance(100);

    expect(await call).toBe('ok');
    chaos.inject('S.retried', { error: DOWN });
    const failing = service.retried().catch((error: unknown) => error);
    await clock.advance(200);
    expect(await failing).toBe(DOWN);
    expect(service.runs).toBe(1);
  });

  it('P11: the same seed gives the same decisions, in every application', async () => {
    const pattern = async (seed: number): Promise<string> => {
      const { app, chaos, service } = await startedApplication();
      chaos.inject('S.split', { errorRate: 0.5, seed, error: new TypeError('not retried') });
      const outcomes: string[] = [];
      for (let call = 0; call < 40; call += 1) {
        outcomes.push(
          await service.split().then(
            () => '.',
            () => 'x',
          ),
        );
      }
      await app.close();
      return outcomes.join('');
    };

    const first = await pattern(7);

    expect(await pattern(7)).toBe(first);
    expect(await pattern(8)).not.toBe(first);
    expect(first).toMatch(/x.*\.|\..*x/);
  });

  it('stands directly around the method, inside of foreign decorators', async () => {
    const { chaos, service } = world;
    counted.calls = 0;
    chaos.inject('S.split', { error: DOWN });

    await expect(service.split()).rejects.toBe(DOWN);

    expect(counted.calls).toBe(3);
    expect(service.runs).toBe(0);
  });

  it('P11: clear ends a latency at once, and the method runs although its execution was to fail', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.m', { latency: '1h', error: DOWN });
    const call = outcomeOf(service.m(), clock);
    await clock.advance(10);

    chaos.clear('S.m');

    expect(await call).toBe('ok at 10');
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends a latency when the application closes: the method runs', async () => {
    const { chaos, service, clock, app } = world;
    chaos.inject('S.m', { latency: '1h' });
    const call = outcomeOf(service.m(), clock);
    await clock.settle();

    await app.close();

    expect(await call).toBe('ok at 0');
  });

  it('gives the method its arguments, its call context and its caller’s async context', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.withContext', { latency: 100 });
    const call = requests.run('request 1', () => service.withContext('order 1'));
    const other = requests.run('request 2', () => service.withContext('order 2'));

    await clock.advance(50);
    requests.run('who clears', () => chaos.clear());

    expect(await call).toBe('order 1 S.withContext request 1');
    expect(await other).toBe('order 2 S.withContext request 2');
    expect(await requests.run('request 3', () => service.withContext('order 3'))).toBe(
      'order 3 S.withContext request 3',
    );
  });

  it('takes the place of what was injected before', async () => {
    const { chaos, service } = world;
    chaos.inject('S.m', { error: DOWN });
    chaos.inject('S.m', { error: 'other' });

    await expect(service.m()).rejects.toBe('other');
    chaos.clear();

    expect(await service.m()).toBe('ok');
  });

  it('leaves other methods and other applications alone', async () => {
    const other = await startedApplication();
    world.chaos.inject('S.m', { error: DOWN });

    expect(await world.service.retried()).toBe('ok');
    expect(await other.service.m()).toBe('ok');
    await other.app.close();
  });
});

describe('Chaos around streams', () => {
  it('fails an Observable at subscription', async () => {
    const { chaos, service } = world;
    chaos.inject('S.stream', { error: DOWN });

    const stream = service.stream();

    await expect(lastValueFrom(stream)).rejects.toBe(DOWN);
    chaos.clear();
    expect(await lastValueFrom(stream)).toBe('ok ');
  });

  it('delays an Observable, and clear lets it go on in its subscriber’s async context', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.stream', { latency: '1s' });
    const first = requests.run('request 1', () => lastValueFrom(service.stream()));
    const second = requests.run('request 2', () => lastValueFrom(service.stream()));
    await clock.advance(500);
    expect(service.runs).toBe(0);

    requests.run('who clears', () => chaos.clear());

    expect(await first).toBe('ok request 1');
    expect(await second).toBe('ok request 2');
  });

  it('ends the latency of an Observable that is left', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.stream', { latency: '1s' });
    const subscription = service.stream().subscribe();
    await clock.advance(10);

    subscription.unsubscribe();
    await clock.advance(10_000);

    expect(clock.pendingTimers).toBe(0);
    expect(service.runs).toBe(0);
  });

  it('fails and delays an async iterable at its first item', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.items', { error: DOWN });
    await expect(service.items().next()).rejects.toBe(DOWN);

    chaos.inject('S.items', { latency: '1s' });
    const item = service.items().next();
    await clock.advance(999);
    expect(service.runs).toBe(0);
    await clock.advance(1);

    expect(await item).toEqual({ done: false, value: 'ok' });
  });
});

describe('Chaos around a method of which nobody knows yet what it gives', () => {
  it('delays its first call', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.later', { latency: 200 });

    const call = outcomeOf(service.later(), clock);
    await clock.advance(200);

    expect(await call).toBe('ok at 200');
  });

  it('teaches nothing that only trouble has shown', async () => {
    const { chaos, service, clock } = world;
    const kind = () => world.app.get(ResilienceExplorer).describe().find(isMuchLater)?.kind;
    chaos.inject('S.muchLater', { error: DOWN, latency: 10 });
    const call = outcomeOf(service.muchLater(), clock);
    await clock.advance(10);
    expect(await call).toBe('Error at 10');

    chaos.clear();

    expect(kind()).toBeUndefined();
    expect(await service.muchLater()).toBe('ok');
  });

  it('takes a stream for a promise no longer than it lasts, however many calls there were', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.hidden', { error: DOWN, latency: 10 });
    const calls = [service.hidden(), service.hidden()] as Promise<unknown>[];
    const outcomes = Promise.all(calls.map((call) => outcomeOf(call, clock)));
    await clock.advance(10);
    expect(await outcomes).toEqual(['Error at 10', 'Error at 10']);

    chaos.clear();

    expect(isObservable(service.hidden())).toBe(true);
  });

  it('learns from the first run behind its latency that the method gives a stream', async () => {
    const { chaos, service, clock } = world;
    chaos.inject('S.wellHidden', { latency: 10 });
    const calls = [service.wellHidden(), service.wellHidden()] as Promise<unknown>[];
    await clock.advance(10);
    await Promise.all(calls);

    chaos.clear();

    expect(isObservable(service.wellHidden())).toBe(true);
  });
});

const isMuchLater = ({ operation }: { operation: string }): boolean => operation === 'S.muchLater';

describe('what Chaos refuses', () => {
  const environment = process.env['NODE_ENV'];
  afterEach(() => {
    process.env['NODE_ENV'] = environment;
  });

  it('CP-30: production, unless forced', async () => {
    const { chaos, service } = world;
    process.env['NODE_ENV'] = 'production';

    expect(() => chaos.inject('S.m', { errorRate: 1, error: DOWN })).toThrow(InvalidOptionsError);
    expect(() => chaos.inject('S.m', { errorRate: 1 })).toThrow('chaos.force must be true');
    expect(await service.m()).toBe('ok');

    chaos.inject('S.m', { error: DOWN, force: true });
    await expect(service.m()).rejects.toBe(DOWN);
  });

  it.each([
    ['S.n', { error: DOWN }, 'must be a decorated method (known: S.m, S.retried'],
    ['S.m', {}, 'must be given, or error, or latency'],
    ['S.m', { errorRate: 30 }, 'did you mean 0.3?'],
  ])('%s with %j', (operation: string, options: ChaosOptions, remedy: string) => {
    expect(() => world.chaos.inject(operation, options)).toThrow(remedy);
  });

  it('a clear of a method that is not there, and no other', () => {
    expect(() => world.chaos.clear('S.n')).toThrow('must be a decorated method');
    expect(() => world.chaos.clear('S.m')).not.toThrow();
    expect(() => world.chaos.clear()).not.toThrow();
  });

  it('policies that are switched off: nothing would see the trouble', async () => {
    const off = await startedApplication({ policies: false });

    expect(() => off.chaos.inject('S.m', { error: DOWN })).toThrow('must have a policy that acts');
    expect(await off.app.get(S).m()).toBe('ok');
    await off.app.close();
  });
});
