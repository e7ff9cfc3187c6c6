import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { ResilienceError } from '../../../../lib/core/errors.js';
import { toHttpException } from '../../../../lib/nest/http/to-http-exception.js';

class BreakerOpenError extends ResilienceError {
  readonly code = 'RESILIENCE_CIRCUIT_BREAKER_OPEN';

  constructor(readonly retryAfterMs?: unknown) {
    super('Payments.charge: not now', { operation: 'Payments.charge', policy: 'stripe' });
  }
}

describe('toHttpException', () => {
  it('gives status, headers and body, and keeps the error as its cause', () => {
    const error = new BreakerOpenError(1_001);

    const mapped = toHttpException(error);

    expect(mapped).toBeInstanceOf(HttpException);
    expect(mapped.cause).toBe(error);
    expect(mapped.getStatus()).toBe(503);
    expect(mapped.headers).toEqual({ 'Retry-After': '2' });
    expect(mapped.body).toEqual({
      statusCode: 503,
      message: 'Payments.charge: not now',
      error: 'Service Unavailable',
      code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN',
    });
    expect(mapped.getResponse()).toEqual(mapped.body);
  });

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, -1, '5'])('asks for no wait of %p', (waitMs) => {
    const { headers } = toHttpException(new BreakerOpenError(waitMs));

    expect(headers).toEqual({});
  });

  it('maps an error of another copy of the package', () => {
    const foreign = Object.assign(new Error('full'), { code: 'RESILIENCE_BULKHEAD_FULL' });
    Object.defineProperty(foreign, Symbol.for('nestjs-selfheal.error'), { value: true });

    expect(toHttpException(foreign)?.getStatus()).toBe(503);
  });

  it.each([
    ['a plain error', new Error('no')],
    [
      'one with a code that looks like ours',
      Object.assign(new Error('no'), { code: 'RESILIENCE_BULKHEAD_FULL' }),
    ],
    ['an HttpException', new HttpException('no', 409)],
    ['nothing', undefined],
  ])('does not map %s', (_, error: unknown) => {
    expect(toHttpException(error)).toBeUndefined();
  });
});
