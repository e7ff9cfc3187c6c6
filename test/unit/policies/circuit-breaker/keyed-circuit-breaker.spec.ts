import { describe, expect, it } from '@jest/globals';
import {
  KeyedCircuitBreaker,
  resolveCircuitBreakerOptions,
} from '../../../../lib/policies/circuit-breaker/index.js';
import { type BreakerDriver, breakerOf, Running, times } from './breaker-driver.js';

const byHost = { key: (host: string) => host };
const FIVE_FAILURES = times(5, 'F' as const);

describe('a circuit breaker with a key', () => {
  it('CB-39: rejects calls of the key that failed and of no other', () => {
    const breaker = breakerOf(byHost).calls(FIVE_FAILURES, 'a');

    const ofA = breaker.rejected('a');

    expect(ofA.retryAfterMs).toBe(1_000);
    expect(breaker.start('b')).toBeInstanceOf(Running);
  });

  it('CB-40: forgets one that is not open first', () => {
    const breaker = breakerOf({ ...byHost, maxKeys: 2 }).calls(FIVE_FAILURES, 'a');

    breaker.calls(['S'], 'b').calls(['S'], 'c');

    expect(known(breaker, ['a', 'b', 'c'])).toEqual(['a', 'c']);
    breaker.rejected('a');
  });

  it('forgets the least recently used one among those that are closed', () => {
    const breaker = breakerOf({ ...byHost, maxKeys: 2 });

    for (const host of ['a', 'b', 'a', 'c']) breaker.calls(['S'], host);

    expect(known(breaker, ['a', 'b', 'c'])).toEqual(['a', 'c']);
  });

  it('forgets the least recently used one where all are open', () => {
    const breaker = breakerOf({ ...byHost, maxKeys: 2 })
      .calls(FIVE_FAILURES, 'a')
      .calls(FIVE_FAILURES, 'b');

    breaker.start('a');
    breaker.calls(['S'], 'c');

    expect(known(breaker, ['a', 'b', 'c'])).toEqual(['a', 'c']);
  });

  it('hears nothing more of a call whose key was forgotten', () => {
    const breaker = breakerOf({ ...byHost, maxKeys: 1, failureThreshold: 1 });
    const late = breaker.run('a');
    breaker.calls(['S'], 'b').calls(['S'], 'a');

    late.fail();

    expect(breaker.gate.state).toBe('closed');
    expect(breaker.changes).toEqual([]);
  });

  it('counts all keys together, forgotten ones included, and shows the remembered ones', () => {
    const breaker = breakerOf({ ...byHost, maxKeys: 2 });

    breaker.calls(['S'], 'a').calls(['S', 'F'], 'b').calls(FIVE_FAILURES, 'c');

    expect(breaker.gate.counters).toMatchObject({ success: 2, failure: 6 });
    expect(breaker.gate.snapshot()).toMatchObject({
      name: 'db',
      state: 'open',
      keys: 2,
      recordedCalls: 7,
      failures: 6,
      retryAfterMs: 1_000,
    });
  });

  it('never tells the key in an event', () => {
    const breaker = breakerOf(byHost);

    breaker.calls(FIVE_FAILURES, 'tenant-4711');

    expect(breaker.recorder.all).toMatchObject([{ policy: 'db', keyed: true }]);
    expect(JSON.stringify(breaker.recorder.all)).not.toContain('4711');
  });

  it('sets all keys by hand, those to come included', () => {
    const breaker = breakerOf(byHost).calls(['S'], 'a');

    breaker.gate.forceOpen();
    breaker.rejected('a');
    breaker.rejected('b');
    breaker.gate.disable();
    breaker.calls(FIVE_FAILURES, 'c');
    breaker.gate.reset();

    expect(breaker.gate.state).toBe('closed');
    expect(breaker.start('c')).toBeInstanceOf(Running);
  });

  it.each([
    {
      what: 'throws',
      key: () => {
        throw new Error('bug');
      },
    },
    { what: 'answers no text', key: () => undefined as unknown as string },
  ])('lets a call run unguarded, and reports it, whose key function $what', ({ key }) => {
    const breaker = breakerOf({ key });

    breaker.calls(times(6, 'F'));

    expect(breaker.executions).toBe(6);
    expect(breaker.reports.map(({ what }) => what)).toEqual(times(6, 'key of circuit breaker "db"'));
  });

  it('forgets down to a smaller maxKeys', () => {
    const breaker = breakerOf(byHost);
    for (const host of ['a', 'b', 'c']) breaker.calls(['S'], host);

    breaker.gate.reconfigure(resolveCircuitBreakerOptions('Test.method', { ...byHost, maxKeys: 1 }));

    expect(known(breaker, ['a', 'b', 'c'])).toEqual(['c']);
  });
});

function known(breaker: BreakerDriver, keys: readonly string[]): readonly string[] {
  if (!(breaker.gate instanceof KeyedCircuitBreaker)) return [];
  const { gate } = breaker;
  return keys.filter((key) => gate.find(key) !== undefined);
}
