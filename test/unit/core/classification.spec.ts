import { describe, expect, it } from '@jest/globals';
import { classify, isDependencyFailure, isRetryable } from '../../../lib/core/classification.js';

const withCode = (code: unknown, more: object = {}): Error =>
  Object.assign(new Error('failed'), { code, ...more });
const causedBy = (cause: unknown, message = 'wrapped'): Error => new Error(message, { cause });
const named = (name: string, message = 'failed'): Error => Object.assign(new Error(message), { name });

/** The ways in which errors tell of an HTTP status. */
const STATUS_SHAPES: readonly (readonly [
  string,
  (status: number, headers?: Record<string, string>) => unknown,
])[] = [
  ['status', (status, headers) => Object.assign(new Error('x'), { status, headers })],
  ['statusCode', (statusCode, headers) => Object.assign(new Error('x'), { statusCode, headers })],
  [
    'an axios error',
    (status, headers) => Object.assign(new Error('x'), { code: 'ERR_BAD', response: { status, headers } }),
  ],
  [
    'a Nest HttpException',
    (status, headers) => Object.assign(new Error('x'), { getStatus: () => status, headers }),
  ],
  ['a Response in cause', (status, headers = {}) => causedBy(new Response(null, { status, headers }))],
];

describe('classification by HTTP status', () => {
  describe.each(STATUS_SHAPES)('told by %s', (_shape, errorOf) => {
    it.each([408, 425, 429, 500, 502, 503, 504, 520, 599])('RT-42: retries %d', (status) => {
      expect(isRetryable(errorOf(status))).toBe(true);
    });

    it.each([400, 401, 403, 404, 409, 410, 422, 501, 505, 511, 302])('RT-42: does not retry %d', (status) => {
      expect(isRetryable(errorOf(status))).toBe(false);
    });

    it('RT-42: retries a 409 that carries Retry-After', () => {
      expect(isRetryable(errorOf(409, { 'Retry-After': '2' }))).toBe(true);
    });
  });

  it.each([600, 999])('does not retry %d, which is no status of a server', (status) => {
    expect(isRetryable({ status })).toBe(false);
  });

  it.each([0, 1, -1, 'error', null])('takes %p for no status at all', (status) => {
    expect(isRetryable(Object.assign(new Error('x'), { status }))).toBe(true);
  });

  it('lets a status decide before a code', () => {
    expect(isRetryable(withCode('ECONNRESET', { status: 400 }))).toBe(false);
    expect(isRetryable(withCode('ENOTFOUND', { status: 503 }))).toBe(true);
  });
});

describe('classification by code', () => {
  it.each(
    'ECONNREFUSED ECONNRESET ETIMEDOUT ECONNABORTED EPIPE EHOSTUNREACH ENETUNREACH EAI_AGAIN UND_ERR_SOCKET UND_ERR_HEADERS_TIMEOUT'.split(
      ' ',
    ),
  )('RT-43: retries %s', (code) => {
    expect(isRetryable(withCode(code))).toBe(true);
    expect(isRetryable(new TypeError('fetch failed', { cause: withCode(code) }))).toBe(true);
  });

  it.each([
    'ENOTFOUND',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_HAS_EXPIRED',
    'HOSTNAME_MISMATCH',
  ])('RT-43: does not retry %s', (code) => {
    expect(isRetryable(withCode(code))).toBe(false);
  });

  it.each([14, 8, 10, 4])('RT-44: retries gRPC %d', (code) => {
    expect(isRetryable(withCode(code, { details: 'down', metadata: {} }))).toBe(true);
  });

  it.each([3, 5, 7, 16, 1])('RT-44: does not retry gRPC %d', (code) => {
    expect(isRetryable(withCode(code, { details: '', metadata: {} }))).toBe(false);
    expect(isRetryable(withCode(code))).toBe(false);
  });

  it('does not take the exit code of a process for one of gRPC', () => {
    const killed = withCode(1, { killed: false, signal: null, cmd: 'convert' });

    expect(isRetryable(killed)).toBe(true);
  });

  it.each(['08000', '08006', '40001', '40P01', '53300', '55P03', '57P01', '57P03'])(
    'RT-44: retries %s',
    (code) => {
      expect(isRetryable(withCode(code))).toBe(true);
    },
  );

  it.each(['23505', '42601', '57014', 'P0001', 'XX000'])('RT-44: does not retry %s', (code) => {
    expect(isRetryable(withCode(code))).toBe(false);
  });

  it('knows an SQLSTATE of its own making by the shape of the error', () => {
    expect(isRetryable(withCode('ABCDE', { severity: 'ERROR' }))).toBe(false);
    expect(isRetryable(withCode('ABCDE'))).toBe(true);
  });

  it.each(['E2BIG', 'P2034', 'EPIPE'])('does not take %s for an SQLSTATE', (code) => {
    expect(isRetryable(withCode(code))).toBe(true);
  });

  it.each(['LOADING', 'TRYAGAIN', 'CLUSTERDOWN', 'MASTERDOWN'])(
    'RT-44: retries the Redis reply %s',
    (word) => {
      expect(isRetryable(named('ReplyError', `${word} wait a little`))).toBe(true);
    },
  );

  it.each(['WRONGTYPE', 'NOAUTH', 'ERR', 'READONLY'])('RT-44: does not retry the Redis reply %s', (word) => {
    expect(isRetryable(named('ReplyError', `${word} no`))).toBe(false);
  });
});

describe('classification of errors of this package', () => {
  it.each(['TIMEOUT_EXCEEDED', 'RATE_LIMIT_EXCEEDED', 'BULKHEAD_FULL', 'IDEMPOTENCY_IN_FLIGHT'])(
    'retries RESILIENCE_%s',
    (code) => {
      expect(isRetryable(withCode(`RESILIENCE_${code}`))).toBe(true);
    },
  );

  it.each([
    'CIRCUIT_BREAKER_OPEN',
    'INVALID_OPTIONS',
    'IDEMPOTENCY_KEY_MISSING',
    'IDEMPOTENCY_KEY_INVALID',
    'IDEMPOTENCY_MISMATCH',
    'IDEMPOTENCY_REPLAY_UNAVAILABLE',
    'IDEMPOTENCY_STORE',
  ])('RT-52: does not retry RESILIENCE_%s', (code) => {
    expect(isRetryable(withCode(`RESILIENCE_${code}`))).toBe(false);
  });

  it('RT-61: retries a store error while beginning, and in-flight that is not reentrant', () => {
    expect(isRetryable(withCode('RESILIENCE_IDEMPOTENCY_STORE', { phase: 'begin' }))).toBe(true);
    expect(isRetryable(withCode('RESILIENCE_IDEMPOTENCY_STORE', { phase: 'complete' }))).toBe(false);
    expect(isRetryable(withCode('RESILIENCE_IDEMPOTENCY_IN_FLIGHT', { reentrant: true }))).toBe(false);
  });

  it.each(['AbortError', 'CanceledError'])('does not retry an %s', (name) => {
    expect(isRetryable(named(name))).toBe(false);
  });

  it('does not retry what a signal or axios aborted', () => {
    expect(isRetryable(new DOMException('stop', 'AbortError'))).toBe(false);
    expect(isRetryable(withCode('ERR_CANCELED'))).toBe(false);
  });

  it.each(['BULKHEAD_FULL', 'RATE_LIMIT_EXCEEDED', 'IDEMPOTENCY_IN_FLIGHT', 'CIRCUIT_BREAKER_OPEN'])(
    'does not blame the dependency for RESILIENCE_%s',
    (code) => {
      expect(isDependencyFailure(causedBy(withCode(`RESILIENCE_${code}`)))).toBe(false);
    },
  );

  it('blames the dependency for timeouts and for what is retryable', () => {
    const members = [withCode('RESILIENCE_BULKHEAD_FULL'), { status: 503 }];

    expect(isDependencyFailure(withCode('RESILIENCE_TIMEOUT_EXCEEDED'))).toBe(true);
    expect(isDependencyFailure(new AggregateError(members))).toBe(true);
    expect(isDependencyFailure({ status: 404 })).toBe(false);
  });
});

describe('classification of bugs and of everything else', () => {
  it.each([new TypeError('x'), new RangeError('x'), new ReferenceError('x'), new SyntaxError('x')])(
    'RT-45: does not retry a %s',
    (error) => {
      expect(isRetryable(error)).toBe(false);
    },
  );

  it('RT-45: does not retry an AssertionError, also of another realm', () => {
    expect(isRetryable(named('AssertionError'))).toBe(false);
  });

  it('RT-45: retries a TypeError whose cause was the network, through all layers', () => {
    const network = new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]);

    expect(isRetryable(new TypeError('fetch failed', { cause: withCode('ECONNRESET') }))).toBe(true);
    expect(isRetryable(new TypeError('fetch failed', { cause: causedBy(network) }))).toBe(true);
  });

  it.each([causedBy('x'), { status: 503 }, new AggregateError([new Error('x')]), withCode('ENOTFOUND')])(
    'keeps a TypeError final whose cause was not the network: %p',
    (cause) => {
      expect(isRetryable(new TypeError('fetch failed', { cause }))).toBe(false);
    },
  );

  it.each([new Error('x'), 'text', 7, null, undefined, {}, Symbol('s')])('RT-45: retries %p', (error) => {
    expect(isRetryable(error)).toBe(true);
  });

  it('survives an error whose fields throw', () => {
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('hands off');
      },
    });

    expect(isRetryable(hostile)).toBe(true);
  });

  it('survives an error that cannot be looked at at all', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();

    expect(isRetryable(proxy)).toBe(true);
    expect(isRetryable(new AggregateError([proxy, { status: 404 }]))).toBe(true);
    expect(isDependencyFailure({ status: 409, headers: proxy })).toBe(false);
  });
});

describe('classification of causes and members', () => {
  it('RT-46: looks into causes where the error says nothing', () => {
    expect(isRetryable(causedBy({ status: 400 }))).toBe(false);
    expect(isRetryable(causedBy(causedBy({ status: 503 })))).toBe(true);
  });

  it('lets the outermost error that is known decide', () => {
    expect(isRetryable(Object.assign(causedBy({ status: 400 }), { status: 503 }))).toBe(true);
    expect(isRetryable(withCode('23505', { cause: withCode('ECONNRESET') }))).toBe(false);
  });

  it('RT-47: retries an aggregate if any of its members is retryable', () => {
    expect(isRetryable(new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]))).toBe(true);
    expect(isRetryable(new AggregateError([{ status: 404 }, { status: 400 }]))).toBe(false);
    expect(isRetryable(new AggregateError([{ status: 404 }, new AggregateError([{ status: 503 }])]))).toBe(
      true,
    );
  });

  it('asks the cause of an aggregate before its members', () => {
    const aggregate = Object.assign(new AggregateError([{ status: 503 }]), { cause: { status: 400 } });

    expect(isRetryable(aggregate)).toBe(false);
  });

  it('judges members that share a cause alike', () => {
    const shared = { status: 404 };

    expect(isRetryable(new AggregateError([causedBy(shared), causedBy(shared)]))).toBe(false);
  });

  it('ends on circles of causes and of members', () => {
    const circle: Error & { cause?: unknown } = new Error('a');
    circle.cause = causedBy(circle);
    const aggregate = new AggregateError([{ status: 404 }]);
    aggregate.errors.push(aggregate);

    expect(isRetryable(circle)).toBe(true);
    expect(isRetryable(aggregate)).toBe(false);
  });

  it('follows a chain of fifty thousand causes to its end', () => {
    let error: unknown = { status: 400 };
    for (let depth = 0; depth < 50_000; depth += 1) error = { cause: error };

    expect(isRetryable(error)).toBe(false);
  });

  it('gives up on a chain without end', () => {
    class Endless extends Error {
      override get cause(): unknown {
        return new Endless();
      }
    }

    expect(isRetryable(new Endless())).toBe(true);
  });

  it('says who decided', () => {
    const response = new Response(null, { status: 503 });
    const plain = new Error('x');

    expect(classify(causedBy(response))).toEqual({ retryable: true, decidedBy: response });
    expect(classify(plain)).toEqual({ retryable: true, decidedBy: plain });
  });
});
