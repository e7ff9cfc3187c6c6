import { describe, expect, it } from '@jest/globals';
import { isIdempotentRequest, isSafeRequest } from '../../../../lib/adapters/http/index.js';

describe('isSafeRequest', () => {
  it.each(['GET', 'head', 'Options', 'TRACE'])('knows that %s only reads', (method) => {
    expect(isSafeRequest({ method })).toBe(true);
    expect(isSafeRequest({ config: { method } })).toBe(true);
  });

  it.each(['PUT', 'DELETE', 'POST', 'PATCH', ''])('knows that %s may do more', (method) => {
    expect(isSafeRequest({ method })).toBe(false);
  });

  it.each([
    undefined,
    null,
    'GET',
    7,
    new Error('x'),
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('x');
        },
      },
    ),
  ])('takes nothing else for a request', (request) => {
    expect(isSafeRequest(request)).toBe(false);
    expect(isIdempotentRequest(request)).toBe(false);
  });
});

describe('isIdempotentRequest', () => {
  it.each(['get', 'HEAD', 'put', 'DELETE'])('knows that %s may be repeated', (method) => {
    expect(isIdempotentRequest(new Request('http://shop', { method }))).toBe(true);
  });

  it('takes a POST for one that may be repeated when it has a key', () => {
    expect(isIdempotentRequest({ method: 'POST', headers: { 'idempotency-key': 'k' } })).toBe(true);
    expect(isIdempotentRequest({ method: 'POST', headers: { 'idempotency-key': ' ' } })).toBe(false);
    expect(isIdempotentRequest({ config: { method: 'post', headers: new Headers() } })).toBe(false);
  });
});
