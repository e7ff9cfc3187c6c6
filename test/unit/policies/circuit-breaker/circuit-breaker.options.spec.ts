import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../../lib/core/errors.js';
import {
  type CircuitBreakerOptions,
  resolveCircuitBreakerOptions,
} from '../../../../lib/policies/circuit-breaker/index.js';

describe('the options of a circuit breaker', () => {
  it('are the defaults of the contract where nothing is given', () => {
    const resolved = resolveCircuitBreakerOptions('Test.method', {});

    expect(resolved).toMatchObject({
      maxKeys: 1_000,
      failureThreshold: 5,
      failureRateThreshold: 0.5,
      slidingWindow: { type: 'time', sizeMs: 10_000 },
      minimumNumberOfCalls: 20,
      slowCallDurationThresholdMs: undefined,
      slowCallRateThreshold: 1,
      waitInOpenState: { initialDelayMs: 1_000, multiplier: 2, maxDelayMs: 30_000 },
      permittedNumberOfCallsInHalfOpenState: 1,
      maxWaitInHalfOpenStateMs: 60_000,
      mode: 'on',
    });
  });

  it('count a field that is undefined as not given', () => {
    // What a user without exactOptionalPropertyTypes may write.
    const given = { failureThreshold: undefined, slidingWindow: undefined, mode: undefined } as object;

    const resolved = resolveCircuitBreakerOptions('Test.method', given);

    expect(resolved).toEqual(resolveCircuitBreakerOptions('Test.method', {}));
  });

  it('fill the rest of a growing wait that is given in part', () => {
    const { waitInOpenState } = resolveCircuitBreakerOptions('Test.method', {
      waitDurationInOpenState: { initialDelay: '5s' },
    });

    expect(waitInOpenState).toEqual({ initialDelayMs: 5_000, multiplier: 2, maxDelayMs: 30_000 });
  });

  it.each<[field: string, value: unknown]>([
    ['failureThreshold', 0],
    ['failureThreshold', -1],
    ['failureThreshold', Number.NaN],
    ['failureThreshold', true],
    ['failureThreshold', null],
    ['failureRateThreshold', 50],
    ['failureRateThreshold', 0],
    ['slidingWindow.size', 0],
    ['slidingWindow.type', 'calls'],
    ['slidingWindow.length', 3],
    ['minimumNumberOfCalls', 0],
    ['slowCallDurationThreshold', 0],
    ['slowCallRateThreshold', 1.5],
    ['permittedNumberOfCallsInHalfOpenState', 0],
    ['maxWaitDurationInHalfOpenState', 0],
    ['waitDurationInOpenState', -1],
    ['waitDurationInOpenState', '0s'],
    ['waitDurationInOpenState.multiplier', 0.5],
    ['maxKeys', 0],
    ['mode', 'off'],
    ['name', ''],
    ['key', 'host'],
    ['recordOn', 'Error'],
    ['ignoreOn', [1]],
    ['recordResult', -1],
    ['failureTreshold', 3],
  ])('CB-43: are refused with policy, field and value for %s: %p', (field, value) => {
    const given = optionsWith(field, value);

    const refusal = refusalOf(given);

    expect(refusal).toMatchObject({ policy: 'circuitBreaker', operation: 'Test.method', field, value });
    expect(refusal?.message).toContain(`Test.method: circuitBreaker.${field}`);
  });

  it('CB-43: are refused with a hint where a percentage was meant', () => {
    const refusal = refusalOf({ failureRateThreshold: 50 });

    expect(refusal?.message).toContain('did you mean 0.5?');
  });

  it('CB-43: are refused where the first wait is longer than the longest', () => {
    const refusal = refusalOf({
      waitDurationInOpenState: { initialDelay: '1m', multiplier: 2, maxDelay: '30s' },
    });

    expect(refusal).toMatchObject({ field: 'waitDurationInOpenState.initialDelay', value: '1m' });
  });

  it('are refused where a count window is larger than memory should hold', () => {
    const refusal = refusalOf({ slidingWindow: { type: 'count', size: 10_000_001 } });

    expect(refusal).toMatchObject({ field: 'slidingWindow.size', value: 10_000_001 });
  });
});

function optionsWith(field: string, value: unknown): CircuitBreakerOptions {
  const [outer = '', inner] = field.split('.');
  if (inner === undefined) return { [outer]: value };
  const rest = outer === 'slidingWindow' ? { type: 'count', size: 10 } : {};
  return { [outer]: { ...rest, [inner]: value } };
}

function refusalOf(given: CircuitBreakerOptions): InvalidOptionsError | undefined {
  try {
    resolveCircuitBreakerOptions('Test.method', given);
    return undefined;
  } catch (error) {
    return error instanceof InvalidOptionsError ? error : undefined;
  }
}
