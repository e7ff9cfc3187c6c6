import { describe, expect, it } from '@jest/globals';
import {
  Bulkhead,
  CircuitBreaker,
  Fallback,
  InvalidOptionsError,
  RateLimiter,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

const never = (): Promise<string> => new Promise(() => undefined);

describe('each decorator alone on a plain provider', () => {
  const applications = new Applications();

  class Alone {
    readonly backend = new Backend('F');

    @Retryable(AT_ONCE)
    async retried(): Promise<string> {
      return this.backend.next();
    }

    @TimeLimiter('2s')
    limited(): Promise<string> {
      return never();
    }

    @CircuitBreaker({ failureThreshold: 2 })
    async broken(): Promise<string> {
      return this.backend.next();
    }

    @Bulkhead(1)
    crowded(): Promise<string> {
      return this.backend.runs === 0 ? never() : this.backend.ask();
    }

    @RateLimiter({ limit: 1, window: '1m' })
    async counted(): Promise<string> {
      return 'S';
    }

    @Fallback({ value: 'reserve' })
    async replaced(): Promise<string> {
      return this.backend.next();
    }

    @Fallback('reserve')
    async delegated(_name: string): Promise<string> {
      return this.backend.next();
    }

    reserve(name: string, error: { readonly status: number }): string {
      return `${name} ${error.status}`;
    }
  }

  it('NI-27: three attempts', async () => {
    const { get } = await applications.start({ providers: [Alone] });

    const { error } = await outcomeOf(() => get(Alone).retried());

    expect(get(Alone).backend.runs).toBe(3);
    expect(error).toBe(get(Alone).backend.errors[2]);
  });

  it('NI-27: rejection at the limit', async () => {
    const { get, clock } = await applications.start({ providers: [Alone] });
    const outcome = outcomeOf(() => get(Alone).limited());
    await clock.advance(1_999);
    expect(clock.pendingTimers).toBe(1);

    await clock.advance(1);

    expect(await outcome).toMatchObject({ error: { code: 'RESILIENCE_TIMEOUT_EXCEEDED', timeoutMs: 2_000 } });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['an open breaker', 'broken', 'RESILIENCE_CIRCUIT_BREAKER_OPEN', 2],
    ['a full limiter', 'counted', 'RESILIENCE_RATE_LIMIT_EXCEEDED', 1],
  ] as const)('NI-27: %s', async (_, method, code, before) => {
    const { get } = await applications.start({ providers: [Alone] });
    for (let call = 0; call < before; call += 1) await outcomeOf(() => get(Alone)[method]());

    expect(await outcomeOf(() => get(Alone)[method]())).toMatchObject({ error: { code } });
  });

  it('NI-27: a full bulkhead', async () => {
    const { get } = await applications.start({ providers: [Alone] });
    void get(Alone).crowded();

    const second = await outcomeOf(() => get(Alone).crowded());

    expect(second).toMatchObject({ error: { code: 'RESILIENCE_BULKHEAD_FULL', operation: 'Alone.crowded' } });
  });

  it('NI-27: a fallback value, and a method with the arguments and the error', async () => {
    const { get } = await applications.start({ providers: [Alone] });

    expect(await get(Alone).replaced()).toBe('reserve');
    expect(await get(Alone).delegated('alice')).toBe('alice 503');
  });
});

describe('what takes the place of a method', () => {
  const applications = new Applications();

  it('keeps name, length, this and the arguments, extra ones too, in every attempt', async () => {
    const seen: unknown[][] = [];
    class Kept {
      @Retryable(AT_ONCE)
      async ask(first: object, second = 1, ..._rest: unknown[]): Promise<string> {
        seen.push([this, first, second, ...[...arguments].slice(1)]);
        throw Object.assign(new Error('down'), { status: 503 });
      }
    }
    const { get } = await applications.start({ providers: [Kept] });
    const argument = {};

    await outcomeOf(() => get(Kept).ask(argument, 2, 'extra'));

    expect(seen).toEqual([seen[0], seen[0], [get(Kept), argument, 2, 2, 'extra']]);
    expect(seen.every(([self, first]) => self === get(Kept) && first === argument)).toBe(true);
    expect([Kept.prototype.ask.name, Kept.prototype.ask.length]).toEqual(['ask', 1]);
  });

  it('keeps the other fields of the descriptor', () => {
    class Kept {
      @Retryable(AT_ONCE)
      async ask(): Promise<string> {
        return 'S';
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Kept.prototype, 'ask');

    expect(descriptor).toMatchObject({ writable: true, configurable: true, enumerable: false });
    expect(Object.keys(Kept.prototype)).toEqual([]);
  });
});

const ASK: unique symbol = Symbol('ask');

describe('decorators that do not stand on a method', () => {
  const applications = new Applications();
  // What the compiler refuses, JavaScript writes.
  const anywhere = (decorator: unknown) => decorator as (...given: unknown[]) => void;

  it.each<[string, () => void, RegExp]>([
    [
      'a property with an arrow function',
      () => {
        class Misplaced {
          @anywhere(Retryable())
          ask = async (): Promise<string> => 'S';
        }
        return Misplaced;
      },
      /Misplaced\.ask: @Retryable.*property/,
    ],
    [
      'a getter',
      () => {
        class Misplaced {
          @anywhere(Retryable())
          get ask(): Promise<string> {
            return Promise.resolve('S');
          }
        }
        return Misplaced;
      },
      /Misplaced\.ask: @Retryable.*getter/,
    ],
    [
      'a class',
      () => {
        @anywhere(Retryable())
        class Misplaced {}
        return Misplaced;
      },
      /Misplaced: @Retryable.*class/,
    ],
    [
      'a parameter',
      () => {
        class Misplaced {
          ask(@anywhere(Retryable()) _name: string): void {}
        }
        return Misplaced;
      },
      /Misplaced\.ask: @Retryable.*parameter/,
    ],
    [
      'a standard decorator',
      () => anywhere(TimeLimiter('1s'))(async () => 'S', { kind: 'method', name: 'ask' }),
      /ask: @TimeLimiter.*standard decorator/,
    ],
    [
      'a static property named by a symbol',
      () => {
        class Misplaced {
          @anywhere(CircuitBreaker())
          static [ASK] = 1;
        }
        return Misplaced;
      },
      /Misplaced\.\[ask\]: @CircuitBreaker.*property/,
    ],
  ])('NI-28: on %s loading the class throws', (_, load, message) => {
    expect(load).toThrow(InvalidOptionsError);
    expect(load).toThrow(message);
  });

  it('NI-28: one twice stops the boot', async () => {
    class Twice {
      @Retryable()
      @CircuitBreaker()
      @Retryable()
      async ask(): Promise<string> {
        return 'S';
      }
    }
    class TwoLimits {
      @TimeLimiter('1s')
      @TimeLimiter({ attemptTimeout: '2s' })
      async ask(): Promise<string> {
        return 'S';
      }
    }
    const twice = applications.start({ providers: [Twice] });
    const limits = applications.start({ providers: [TwoLimits] });

    await expect(twice).rejects.toThrow(/^Twice\.ask: @Retryable.*twice/);
    await expect(limits).rejects.toThrow(/^TwoLimits\.ask: @TimeLimiter.*twice/);
  });
});
