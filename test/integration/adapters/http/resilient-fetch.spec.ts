import { describe, expect, it } from '@jest/globals';
import { CircuitBreakerOpenError, retryInfo, TimeoutExceededError } from 'nestjs-selfheal/core';
import { HttpResponseError, resilientFetch } from 'nestjs-selfheal/http';
import { ManualClock } from 'nestjs-selfheal/testing';
import { AT_ONCE, failureOf, nextOf, policiesOf, serverOf } from './world.js';

describe('resilientFetch', () => {
  it('gives the answer of the first attempt that is no failure', async () => {
    const server = await serverOf(503, 'reset', 200);
    const { policies } = policiesOf();

    const response = await resilientFetch(policies, { retry: AT_ONCE })(server.url);

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('body-200');
    expect(server.requests).toHaveLength(3);
  });

  it('gives the last answer, its body unread, where all attempts failed', async () => {
    const server = await serverOf(500);
    const { policies } = policiesOf();

    const response = await resilientFetch(policies, { retry: AT_ONCE })(server.url);

    expect(response.status).toBe(500);
    expect(await response.text()).toBe('body-500');
    expect(retryInfo(response)).toMatchObject({ attempts: 3, reason: 'exhausted' });
  });

  it('throws the last answer where told so, also one that no retry is about', async () => {
    const server = await serverOf(503, 404);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, { retry: AT_ONCE, throwOnError: true });

    const error = await failureOf(send(server.url));

    expect(error).toBeInstanceOf(HttpResponseError);
    expect(error).toMatchObject({ status: 404, message: 'GET 127.0.0.1 answered 404' });
    expect(await (error as HttpResponseError).response.text()).toBe('body-404');
    expect(Object.keys(error as object)).not.toContain('response');
  });

  it('gives what a fallback answers with, also where that is no answer at all', async () => {
    const server = await serverOf(503);
    const { policies } = policiesOf();
    const fallback = { handler: { value: undefined } };
    const send = resilientFetch(policies, { retry: false, throwOnError: true, fallback });

    expect(await send(server.url)).toBeUndefined();
  });

  it('gives an answer that is no failure as it is, and the breaker counts it as a success', async () => {
    const server = await serverOf(404);
    const { policies, events } = policiesOf();

    const response = await resilientFetch(policies, { circuitBreaker: { failureThreshold: 1 } })(server.url);

    expect(response.status).toBe(404);
    expect(events.all).toEqual([]);
  });

  it('lets a breaker see every failed attempt, one breaker per host where told so', async () => {
    const server = await serverOf(503);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, {
      retry: { ...AT_ONCE, maxAttempts: 5 },
      circuitBreaker: { failureThreshold: 2, key: (request) => (request as { host: string }).host },
    });

    const error = await failureOf(send(server.url));

    expect(error).toBeInstanceOf(CircuitBreakerOpenError);
    expect(server.requests).toHaveLength(2);
  });

  it('takes other answers for failures where told so, and retries them', async () => {
    const server = await serverOf(404, 200);
    const { policies } = policiesOf();
    const isFailure = (response: Response) => response.status === 404;

    const response = await resilientFetch(policies, { retry: AT_ONCE, isFailure })(server.url);

    expect(response.status).toBe(200);
  });

  it('waits as long as the server asks', async () => {
    const server = await serverOf({ status: 429, headers: { 'Retry-After': '2' } }, 200);
    const clock = new ManualClock();
    const { policies, events } = policiesOf({ clock });
    const scheduled = nextOf(policies, 'retry.scheduled');

    const call = resilientFetch(policies, { retry: AT_ONCE })(server.url);
    await scheduled;
    await clock.advance(2000);

    expect((await call).status).toBe(200);
    expect(events.of('retry.scheduled')).toMatchObject([{ delayMs: 2000 }]);
  });

  it('limits an attempt, tells the request so, and tries again', async () => {
    const server = await serverOf('silence', 200);
    const clock = new ManualClock();
    const { policies } = policiesOf({ clock });

    const call = resilientFetch(policies, { retry: AT_ONCE, timeLimiter: '50ms' })(server.url);
    await server.arrived(1);
    await clock.advance(50);

    expect((await call).status).toBe(200);
  });

  it('lets a request say otherwise', async () => {
    const server = await serverOf(503);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, { retry: { ...AT_ONCE, maxAttempts: 2 } });

    await send(server.url, { resilience: false });
    expect(server.requests).toHaveLength(1);

    await send(server.url, { resilience: { maxAttempts: 4 } });
    expect(server.requests).toHaveLength(5);
  });
});

describe('resilientFetch with requests that must not be repeated', () => {
  it.each(['POST', 'post', 'PATCH'])('RT-51: sends a %s once, whatever fails', async (method) => {
    const server = await serverOf('reset', 503);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, { retry: AT_ONCE });

    expect(await failureOf(send(server.url, { method, body: 'x' }))).toMatchObject({ name: 'TypeError' });
    expect((await send(server.url, { method, body: 'x' })).status).toBe(503);
    expect(server.requests).toHaveLength(2);
  });

  it('RT-51: repeats a POST that timed out only where it may', async () => {
    const server = await serverOf('silence');
    const clock = new ManualClock();
    const { policies } = policiesOf({ clock });
    const send = resilientFetch(policies, { retry: AT_ONCE, timeLimiter: '30ms' });
    const timeOut = async (request: number) => {
      await server.arrived(request);
      await clock.advance(30);
    };

    const once = failureOf(send(server.url, { method: 'POST' }));
    await timeOut(1);
    expect(await once).toBeInstanceOf(TimeoutExceededError);
    expect(server.requests).toHaveLength(1);

    const resilience = { retryUnsafe: true, maxAttempts: 2 };
    const twice = failureOf(send(server.url, { method: 'POST', resilience }));
    await timeOut(2);
    await timeOut(3);
    expect(await twice).toBeInstanceOf(TimeoutExceededError);
    expect(server.requests).toHaveLength(3);
  });

  it('lets no outer retry repeat it either', async () => {
    const server = await serverOf('reset', 503);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, { retry: AT_ONCE });
    const outer = policies.guard('outer', { retry: AT_ONCE });
    const post = async () => {
      const response = await send(server.url, { method: 'POST' });
      if (!response.ok) throw new Error('not taken', { cause: response });
    };

    await failureOf(outer(post));
    expect(server.requests).toHaveLength(1);

    await failureOf(outer(post));
    expect(server.requests).toHaveLength(2);
  });

  it('lets no outer retry repeat one whose answer was taken for good here', async () => {
    const server = await serverOf(500);
    const { policies } = policiesOf();
    const isFailure = () => false;
    const passing = resilientFetch(policies, { isFailure });
    const throwing = resilientFetch(policies, { isFailure, operation: 'throwing', throwOnError: true });
    const outer = policies.guard('outer', { retry: AT_ONCE });

    await failureOf(
      outer(async () => {
        throw new Error('not taken', { cause: await passing(server.url, { method: 'POST' }) });
      }),
    );
    await failureOf(outer(() => throwing(server.url, { method: 'POST' })));

    expect(server.requests).toHaveLength(2);
  });

  it('lets no outer retry repeat one under another key that was made for it here', async () => {
    const server = await serverOf(503, 503, 503, 200);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, {
      retry: { ...AT_ONCE, maxAttempts: 2 },
      idempotencyKey: true,
      throwOnError: true,
    });
    const outer = policies.guard('outer', { retry: AT_ONCE });

    await failureOf(outer(() => send(server.url, { method: 'POST' })));

    const keys = server.sent('idempotency-key');
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });

  it('lets an outer retry repeat one under the key that a function gives it', async () => {
    const server = await serverOf(503, 503, 200);
    const { policies } = policiesOf();
    const idempotencyKey = () => 'order 7';
    const send = resilientFetch(policies, { retry: false, idempotencyKey, throwOnError: true });
    const outer = policies.guard('outer', { retry: AT_ONCE });

    expect((await outer(() => send(server.url, { method: 'POST' }))).status).toBe(200);
    expect(server.sent('idempotency-key')).toEqual(['order 7', 'order 7', 'order 7']);
  });

  it('gives a POST one key for all attempts where told so, and none to others', async () => {
    const server = await serverOf(503, 503, 200);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, { retry: AT_ONCE, idempotencyKey: true });

    await send(server.url, { method: 'POST', body: 'x' });
    await send(server.url, { method: 'PUT', body: 'x' });
    await send(server.url, { method: 'POST', headers: { 'Idempotency-Key': 'mine' } });

    const [first, second, third, ...others] = server.sent('idempotency-key');
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect([second, third]).toEqual([first, first]);
    expect(others).toEqual([undefined, 'mine']);
  });

  it('refuses a key that is no text, which would be one and the same for all requests', async () => {
    const server = await serverOf(200);
    const { policies } = policiesOf();
    // As plain JavaScript lets it be written.
    const idempotencyKey = (() => Promise.reject(new Error('no key'))) as unknown as () => string;
    const send = resilientFetch(policies, { idempotencyKey });

    const refused = await failureOf(send(server.url, { method: 'POST' }));

    expect(refused).toMatchObject({ code: 'RESILIENCE_INVALID_OPTIONS', field: 'idempotencyKey' });
    expect(server.requests).toHaveLength(0);
  });

  it('makes the key of the request where told how', async () => {
    const server = await serverOf(503, 200);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, {
      retry: AT_ONCE,
      idempotencyKey: ({ method, body }) => `${method}-${String(body)}`,
    });

    await send(server.url, { method: 'POST', body: 'o1' });

    expect(server.sent('idempotency-key')).toEqual(['POST-o1', 'POST-o1']);
  });
});

describe('resilientFetch and bodies', () => {
  const form = new FormData();
  form.set('name', 'value');
  const bodies: [string, () => RequestInit['body'], RegExp][] = [
    ['text', () => 'hello', /^hello$/],
    ['buffer', () => Buffer.from('hello'), /^hello$/],
    ['array buffer', () => new TextEncoder().encode('hello').buffer, /^hello$/],
    ['URLSearchParams', () => new URLSearchParams({ a: '1' }), /^a=1$/],
    ['Blob', () => new Blob(['hello']), /^hello$/],
    ['FormData', () => form, /name="name"\r\n\r\nvalue\r\n/],
  ];

  it.each(bodies)('sends a %s again as it is', async (_kind, body, expected) => {
    const server = await serverOf(503, 'reset', 200);
    const { policies } = policiesOf();

    const response = await resilientFetch(policies, { retry: AT_ONCE })(server.url, {
      method: 'PUT',
      body: body(),
    });

    expect(response.status).toBe(200);
    expect(server.bodies).toEqual([1, 2, 3].map(() => expect.stringMatching(expected)));
  });

  it('sends a Request with a body again, and one that was read not at all', async () => {
    const server = await serverOf(503, 200);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, { retry: AT_ONCE });
    const headers = { 'X-Own': '1' };

    await send(new Request(server.url, { method: 'PUT', body: 'hello', headers }));
    const used = new Request(server.url, { method: 'PUT', body: 'hello' });
    await used.text();

    expect(server.bodies).toEqual(['hello', 'hello']);
    expect(server.sent('x-own')).toEqual(['1', '1']);
    expect(await failureOf(send(used))).toMatchObject({ name: 'TypeError' });
  });

  it('sends a stream once, and what a function makes each time', async () => {
    const server = await serverOf(503);
    const { policies } = policiesOf();
    const send = resilientFetch(policies, { retry: { ...AT_ONCE, maxAttempts: 2 } });
    const stream = () => new Blob(['hello']).stream();

    await send(server.url, { method: 'PUT', body: stream(), duplex: 'half' });
    expect(server.bodies).toEqual(['hello']);

    await send(server.url, { method: 'PUT', body: stream });
    expect(server.bodies).toEqual(['hello', 'hello', 'hello']);
  });

  it('cancels the body of an answer that it abandons before the next attempt', async () => {
    const seen: string[] = [];
    const answers = [503, 200].map((status) => {
      const source = { cancel: () => void seen.push(`cancelled ${status}`) };
      return new Response(new ReadableStream(source), { status });
    });
    const send = async (): Promise<Response> => {
      seen.push('sent');
      return answers.shift() ?? Response.error();
    };

    await resilientFetch(policiesOf().policies, { retry: AT_ONCE, fetch: send })('http://shop/');

    expect(seen).toEqual(['sent', 'cancelled 503', 'sent']);
  });

  it('uses one connection for all attempts', async () => {
    const server = await serverOf(503, 503, 200);
    const retry = { ...AT_ONCE, backoff: { type: 'fixed', initialDelay: 20, jitter: 'none' } } as const;

    const response = await resilientFetch(policiesOf().policies, { retry })(server.url);
    await response.text();

    expect(server.requests).toHaveLength(3);
    expect(server.sockets.size).toBe(1);
  });
});

describe('resilientFetch and abort', () => {
  it('ends the wait with the reason, and lets go of the answer', async () => {
    const server = await serverOf(503);
    const clock = new ManualClock();
    const { policies, events } = policiesOf({ clock });
    const scheduled = nextOf(policies, 'retry.scheduled');
    const controller = new AbortController();
    const call = resilientFetch(policies)(server.url, { signal: controller.signal });
    await scheduled;

    controller.abort(new Error('left'));

    expect(await failureOf(call)).toBe(controller.signal.reason);
    expect(events.of('retry.gave-up')).toMatchObject([{ reason: 'aborted' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends the request that is under way', async () => {
    const server = await serverOf('silence');
    const controller = new AbortController();
    const request = new Request(server.url, { signal: controller.signal });
    const call = resilientFetch(policiesOf().policies)(request);
    await server.arrived(1);

    controller.abort();

    expect(await failureOf(call)).toMatchObject({ name: 'AbortError' });
    expect(server.requests).toHaveLength(1);
  });

  it('sends nothing where the signal is aborted already', async () => {
    const server = await serverOf(200);
    const reason = new Error('left');

    const call = resilientFetch(policiesOf().policies)(server.url, { signal: AbortSignal.abort(reason) });

    expect(await failureOf(call)).toBe(reason);
    expect(server.requests).toHaveLength(0);
  });
});
