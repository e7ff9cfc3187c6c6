import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  CallContext,
  CircuitBreaker,
  CircuitBreakerRegistry,
  Hedge,
  ResilienceExplorer,
  Retryable,
  RetryBudgetRegistry,
  TimeLimiter,
} from 'nestjs-selfheal';
import {
  EventRecorder,
  ManualClock,
  ResilienceTestingModule,
  type ResilienceTestingOptions,
} from 'nestjs-selfheal/testing';
import { lastValueFrom, NEVER, Observable } from 'rxjs';

const clock = { current: new ManualClock() };

function after<T>(delayMs: number, value: T): Promise<T> {
  return new Promise((resolve) => {
    clock.current.schedule(delayMs, () => resolve(value));
  });
}

@Injectable()
class Warehouse {
  aborted = 0;

  @Retryable({ backoff: { initialDelay: 1000 } })
  async count(@CallContext() call?: CallContext): Promise<string> {
    call?.signal.addEventListener('abort', () => (this.aborted += 1));
    return after(500, 'counted');
  }
}

/** Every odd run takes 200 ms, every even one 30. */
@Injectable()
class Quotes {
  runs = 0;
  readonly remaining: (number | undefined)[] = [];

  constructor(readonly warehouse: Warehouse) {}

  @Hedge('50ms')
  async alone(): Promise<string> {
    return this.answer();
  }

  @Hedge('50ms')
  @TimeLimiter('100ms')
  async limited(@CallContext() call?: CallContext): Promise<string> {
    this.remaining.push(call?.remainingMs);
    return this.answer();
  }

  @Hedge('50ms')
  @Retryable()
  @CircuitBreaker({ name: 'quotes', failureThreshold: 2 })
  async guarded(): Promise<string> {
    return this.answer();
  }

  @Hedge('50ms')
  async nested(): Promise<string> {
    this.runs += 1;
    return this.runs % 2 === 1 ? this.warehouse.count() : after(30, 'second');
  }

  @Hedge('50ms')
  stream(): Observable<string> {
    this.runs += 1;
    if (this.runs % 2 === 1) return NEVER;
    return new Observable((subscriber) => {
      clock.current.schedule(30, () => {
        subscriber.next('second');
        subscriber.complete();
      });
    });
  }

  @Hedge('50ms')
  async *items(): AsyncGenerator<string> {
    yield await this.answer();
  }

  @Hedge()
  async learned(): Promise<string> {
    this.runs += 1;
    return this.runs < 21 ? after(10, 'quick') : after(300, 'slow');
  }

  private answer(): Promise<string> {
    this.runs += 1;
    return this.runs % 2 === 1 ? after(200, 'first') : after(30, 'second');
  }
}

interface Ended {
  readonly value: unknown;
  readonly tookMs: number;
}

async function finish(work: Promise<unknown>): Promise<Ended> {
  const beganMs = clock.current.nowMs();
  const ended = work.then((value) => ({ value, tookMs: clock.current.nowMs() - beganMs }));
  await clock.current.runAll();
  return ended;
}

describe('@Hedge in an application', () => {
  let app: TestingModule;
  let quotes: Quotes;
  let events: EventRecorder;

  async function start(options: ResilienceTestingOptions = {}): Promise<void> {
    app = await Test.createTestingModule({
      imports: [ResilienceTestingModule.forRoot(options)],
      providers: [Quotes, Warehouse],
    }).compile();
    await app.init();
    clock.current = app.get(ManualClock);
    quotes = app.get(Quotes);
    events = app.get(EventRecorder);
  }

  beforeEach(() => start());
  afterEach(() => app.close());

  it.each(['alone', 'limited', 'guarded'] as const)('LM-35: the second attempt of %s wins', async (name) => {
    const ended = await finish(quotes[name]());

    expect(ended).toEqual({ value: 'second', tookMs: 80 });
    expect(quotes.runs).toBe(2);
    expect(events.of('hedge.launched')).toHaveLength(1);
  });

  it('gives each attempt its own time limit', async () => {
    await finish(quotes.limited());

    expect(quotes.remaining).toEqual([100, 100]);
  });

  it('LM-42: a loser is no outcome for the breaker', async () => {
    for (let call = 0; call < 5; call += 1) await finish(quotes.guarded());

    const { state, recordedCalls, failures } = app.get(CircuitBreakerRegistry).get('quotes').snapshot();
    expect({ state, recordedCalls, failures }).toEqual({ state: 'closed', recordedCalls: 5, failures: 0 });
  });

  it('LM-53: every winner gives its token back', async () => {
    await app.close();
    await start({ retryBudget: { capacity: 1, ratio: 0, minRetriesPerSecond: 0 } });

    for (let call = 0; call < 3; call += 1) await finish(quotes.alone());

    expect(events.counts()).toEqual({ 'hedge.launched': 3 });
    expect(app.get(RetryBudgetRegistry).get('default').snapshot().balance).toBe(1);
  });

  it('aborts the decorated calls inside a loser', async () => {
    const ended = await finish(quotes.nested());

    expect(ended).toEqual({ value: 'second', tookMs: 80 });
    expect(quotes.warehouse.aborted).toBe(1);
  });

  it('hedges a stream, and leaves the one that lost', async () => {
    const ended = await finish(lastValueFrom(quotes.stream()));

    expect(ended).toEqual({ value: 'second', tookMs: 80 });
  });

  it('hedges an async iterable by its first item', async () => {
    const collect = async (): Promise<string[]> => {
      const items: string[] = [];
      for await (const item of quotes.items()) items.push(item);
      return items;
    };

    const ended = await finish(collect());

    expect(ended.value).toEqual(['second']);
    expect(quotes.runs).toBe(2);
  });

  it('LM-41: learns from twenty successes what is slow', async () => {
    for (let call = 0; call < 20; call += 1) await finish(quotes.learned());
    expect(events.of('hedge.launched')).toHaveLength(0);

    await finish(quotes.learned());

    expect(events.of('hedge.launched')).toHaveLength(1);
  });

  it('stands between retry and breaker, whatever the order of decorators', () => {
    const described = app.get(ResilienceExplorer).describe();

    const guarded = described.find((method) => method.operation === 'Quotes.guarded');
    expect(guarded?.pipeline).toEqual(['retry', 'hedge', 'circuitBreaker']);
  });
});
