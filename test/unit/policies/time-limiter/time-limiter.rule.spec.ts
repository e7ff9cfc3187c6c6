import { describe, expect, it } from '@jest/globals';
import { isResilienceError } from '../../../../lib/core/errors.js';
import { TimeLimit } from '../../../../lib/policies/time-limiter/index.js';
import { callWith, ruleWorld } from '../../../support/rule-world.js';

describe('TimeLimit', () => {
  it('LM-01: makes an error that names operation and limit', () => {
    const { environment } = ruleWorld();
    const rule = new TimeLimit({ limit: 'attempt', timeoutMs: 1000, environment });

    const error = rule.exceeded(callWith());

    expect(error).toMatchObject({
      code: 'RESILIENCE_TIMEOUT_EXCEEDED',
      operation: 'Orders.place',
      policy: 'timeLimiter',
      limit: 'attempt',
      timeoutMs: 1000,
      message: 'Orders.place: the attempt took longer than 1000 ms',
    });
    expect(isResilienceError(error)).toBe(true);
  });

  it('LM-03: tells of a passed limit once', () => {
    const { environment, events } = ruleWorld();
    const rule = new TimeLimit({ limit: 'total', timeoutMs: 450, environment });

    rule.exceeded(callWith());

    expect(events.all).toEqual([
      {
        kind: 'time-limiter.timed-out',
        operation: 'Orders.place',
        policy: 'timeLimiter',
        limit: 'total',
        timeoutMs: 450,
        timestampMs: expect.any(Number),
      },
    ]);
  });

  it('makes an error where nobody listens, without a stack', () => {
    const { environment, events } = ruleWorld();
    events.stop();
    const rule = new TimeLimit({ limit: 'total', timeoutMs: 450, environment });

    const error = rule.exceeded(callWith());

    expect(error.message).toBe('Orders.place: the call with all its attempts took longer than 450 ms');
    expect(error.stack).not.toContain('    at ');
  });

  it('shares one lane with every limit of the same length', () => {
    const { environment } = ruleWorld();

    const attempt = new TimeLimit({ limit: 'attempt', timeoutMs: 100, environment });
    const total = new TimeLimit({ limit: 'total', timeoutMs: 100, environment });

    expect(attempt.lane).toBe(total.lane);
  });
});
