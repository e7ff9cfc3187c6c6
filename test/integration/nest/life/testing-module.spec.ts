import { beforeEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CircuitBreaker,
  CircuitBreakerOpenError,
  CircuitBreakerRegistry,
  Fallback,
  ResilienceModule,
  Retryable,
} from 'nestjs-selfheal';
import { EventRecorder, ManualClock } from 'nestjs-selfheal/testing';
import { Applications, Backend, outcomeOf } from '../../../support/nest-applications.js';

let backend: Backend;

beforeEach(() => {
  backend = new Backend('F,F,S');
});

@Injectable()
class Rates {
  @Retryable({ backoff: { type: 'fixed', initialDelay: '1m', maxDelay: '1m', jitter: 'full' } })
  current(): Promise<string> {
    return backend.ask();
  }

  @Fallback({ value: 'instead' })
  @CircuitBreaker('db')
  guarded(): Promise<string> {
    return backend.ask();
  }

  @CircuitBreaker()
  unnamed(): Promise<string> {
    return backend.ask();
  }
}

@Injectable()
class Watcher {
  constructor(
    @Inject(ManualClock) readonly clock: ManualClock,
    @Inject(EventRecorder) readonly events: EventRecorder,
  ) {}
}

describe('ResilienceTestingModule', () => {
  const applications = new Applications();

  it('lets minutes pass in a few turns, with chance that is known', async () => {
    const { get, clock, events } = await applications.start({ providers: [Rates] });

    const rate = get(Rates).current();
    await clock.advance(60_000);

    expect(await rate).toBe('S');
    expect(events.of('retry.scheduled').map(({ delayMs }) => delayMs)).toEqual([30_000, 30_000]);
    expect(clock.allTimers).toBe(0);
  });

  it('lets clock and recorder be injected', async () => {
    const { get, clock, events } = await applications.start({ providers: [Rates, Watcher] });

    expect(get(Watcher).clock).toBe(clock);
    expect(get(Watcher).events).toBe(events);
  });

  it('begins with breakers in the state that a test asks for, named or not', async () => {
    const breakers = { db: 'forced-open', 'Rates.unnamed': 'forced-open' } as const;
    const { get } = await applications.start({ providers: [Rates] }, { breakers });

    const refused = await outcomeOf(() => get(Rates).unnamed());
    const answered = await get(Rates).guarded();
    get(CircuitBreakerRegistry).get('db').reset();

    expect(refused.error).toBeInstanceOf(CircuitBreakerOpenError);
    expect(answered).toBe('instead');
    expect(backend.runs).toBe(0);
    expect(get(CircuitBreakerRegistry).get('db').state).toBe('closed');
  });

  it('calls the bare methods with policies: false, and fallbacks still answer', async () => {
    const { get, events } = await applications.start({ providers: [Rates] }, { policies: false });

    const bare = await outcomeOf(() => get(Rates).current());

    expect(bare.error).toBe(backend.errors[0]);
    expect(await get(Rates).guarded()).toBe('instead');
    expect(events.kinds).toEqual(['fallback.served']);
  });

  it("takes a clock of the test's own, which the module of production takes too", async () => {
    const clock = new ManualClock({ random: [0, 0.5] });
    const module = Test.createTestingModule({
      imports: [ResilienceModule.forRoot({ clock, logger: false })],
      providers: [Rates],
    });
    const app = applications.keep(await module.compile());
    await app.init();

    const rate = app.get(Rates).current();
    await clock.runAll();

    expect(await rate).toBe('S');
    expect(clock.nowMs()).toBe(30_000);
  });
});
