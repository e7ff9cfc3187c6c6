import { beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, UseInterceptors, type NestInterceptor } from '@nestjs/common';
import { defer, firstValueFrom, isObservable, lastValueFrom, NEVER, Observable, of, retry } from 'rxjs';
import {
  Bulkhead,
  BulkheadRegistry,
  CircuitBreaker,
  CircuitBreakerRegistry,
  CircuitBreakerOpenError,
  Fallback,
  Retryable,
} from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

let backend: Backend;

beforeEach(() => {
  backend = new Backend('F,F,S');
});

/** One inner stream per execution, which follows the script. */
const stream = (): Observable<string> => of('').pipe(() => defer(() => of(backend.next())));

@Injectable()
class Quotes {
  calls = 0;

  @Retryable(AT_ONCE)
  @CircuitBreaker('quotes')
  declared(): Observable<string> {
    this.calls += 1;
    return stream();
  }

  @Retryable(AT_ONCE)
  learned() {
    this.calls += 1;
    return stream() as unknown as Promise<string>;
  }

  @Retryable(AT_ONCE)
  @CircuitBreaker()
  refused() {
    return stream();
  }

  @Retryable(AT_ONCE)
  @Fallback({ value: 'old' })
  answered(): Observable<string> {
    return stream();
  }

  @Retryable(AT_ONCE)
  throwing(): Observable<string> {
    this.calls += 1;
    if (this.calls < 3) throw backend.errors[0] ?? Object.assign(new Error('down'), { status: 503 });
    return of('there');
  }

  @Bulkhead(1)
  endless(): Observable<string> {
    return NEVER;
  }

  @Retryable({ ...AT_ONCE, backoff: { type: 'fixed', initialDelay: 100, jitter: 'none' } })
  later(): Observable<string> {
    return stream();
  }
}

const again: NestInterceptor = { intercept: (_context, next) => next.handle().pipe(retry(2)) };

@Controller()
class QuotesController {
  @Get('promise')
  @UseInterceptors(again)
  @Retryable({ ...AT_ONCE, maxAttempts: 2 })
  async promise(): Promise<string> {
    return backend.next();
  }

  @Get('stream')
  @UseInterceptors(again)
  @Retryable({ ...AT_ONCE, maxAttempts: 2 })
  stream(): Observable<string> {
    return defer(() => of(backend.next()));
  }
}

describe('methods that return an Observable', () => {
  const applications = new Applications();

  async function start() {
    const world = await applications.start({ providers: [Quotes] });
    return { ...world, quotes: world.get(Quotes) };
  }

  it('NI-29: gives an Observable at once, runs at subscription, and calls the method for each attempt', async () => {
    const { quotes, get, events } = await start();

    const answer = quotes.declared();
    const callsBefore = quotes.calls;
    const value = await firstValueFrom(answer);

    expect(isObservable(answer)).toBe(true);
    expect(typeof answer.pipe).toBe('function');
    expect(callsBefore).toBe(0);
    expect(value).toBe('S');
    expect(quotes.calls).toBe(3);
    expect(get(CircuitBreakerRegistry).get('quotes').snapshot()).toMatchObject({
      recordedCalls: 3,
      failures: 2,
    });
    expect(events.kinds).toEqual(['retry.scheduled', 'retry.scheduled', 'retry.recovered']);
  });

  it('NI-29: each subscription is a call of its own', async () => {
    const { quotes } = await start();
    backend = new Backend('S');

    const answer = quotes.declared();
    await firstValueFrom(answer);
    await firstValueFrom(answer);

    expect(backend.runs).toBe(2);
    expect(quotes.calls).toBe(2);
  });

  it('NI-31: without an annotation the first call shows the kind, runs the method once and is its first attempt', async () => {
    const { quotes } = await start();

    const first: unknown = quotes.learned();
    const callsAtFirst = quotes.calls;
    const second: unknown = quotes.learned();
    const callsAtSecond = quotes.calls;

    expect([isObservable(first), callsAtFirst]).toEqual([true, 1]);
    expect([isObservable(second), callsAtSecond]).toEqual([true, 1]);
    expect(await firstValueFrom(first as Observable<string>)).toBe('S');
    expect(quotes.calls).toBe(3);
  });

  it('NI-31: the first answer serves one subscription, the next calls the method again', async () => {
    const { quotes } = await start();
    backend = new Backend('S');

    const first = quotes.learned() as unknown as Observable<string>;
    await firstValueFrom(first);
    await firstValueFrom(first);

    expect(quotes.calls).toBe(2);
  });

  it('N15: a call that is refused before the kind is known answers with a promise', async () => {
    const { quotes, get } = await start();
    get(CircuitBreakerRegistry).get('Quotes.refused').forceOpen();

    const refused: unknown = quotes.refused();
    const outcome = await outcomeOf(() => refused);
    get(CircuitBreakerRegistry).get('Quotes.refused').reset();
    const admitted: unknown = quotes.refused();

    expect(refused).toBeInstanceOf(Promise);
    expect(outcome.error).toBeInstanceOf(CircuitBreakerOpenError);
    expect(isObservable(admitted)).toBe(true);
    expect(get(CircuitBreakerRegistry).get('Quotes.refused').snapshot().recordedCalls).toBe(0);
  });

  it('N15: what was taken for a call that turns out to be a stream is given back unrecorded', async () => {
    const { quotes, get } = await start();

    quotes.refused();

    const { recordedCalls, state } = get(CircuitBreakerRegistry).get('Quotes.refused').snapshot();
    expect({ recordedCalls, state }).toEqual({ recordedCalls: 0, state: 'closed' });
  });

  it('N17: a method that throws instead of returning its stream is retried like one whose stream fails', async () => {
    const { quotes } = await start();

    expect(await firstValueFrom(quotes.throwing())).toBe('there');
    expect(quotes.calls).toBe(3);
  });

  it("N17: a fallback's value comes as a stream", async () => {
    const { quotes } = await start();
    backend = new Backend('F');

    expect(await lastValueFrom(quotes.answered())).toBe('old');
    expect(backend.runs).toBe(3);
  });

  it('NI-51: an Observable that is left before its first value keeps no slot', async () => {
    const { quotes, get } = await start();

    for (let call = 0; call < 100; call += 1) quotes.endless().subscribe().unsubscribe();

    expect(get(BulkheadRegistry).get('Quotes.endless').snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('P7: unsubscribing during a delay ends the call', async () => {
    const { quotes, clock, events } = await start();

    const subscription = quotes.later().subscribe();
    await clock.advance(50);
    const waiting = clock.pendingTimers;
    subscription.unsubscribe();
    await clock.advance(1_000);

    expect([waiting, clock.pendingTimers]).toEqual([1, 0]);
    expect(backend.runs).toBe(1);
    expect(events.of('retry.gave-up').map((event) => event.reason)).toEqual(['aborted']);
  });

  it.each(['promise', 'stream'])(
    'NI-33: an interceptor that resubscribes makes a new call of the whole plan (%s)',
    async (path) => {
      const { address } = await applications.listen('Express', { controllers: [QuotesController] });
      backend = new Backend('F');

      const answer = await fetch(`${address}/${path}`);

      expect(answer.status).toBe(500);
      expect(backend.runs).toBe(6);
    },
  );
});
