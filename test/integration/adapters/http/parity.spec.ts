import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import axios, { type AxiosRequestConfig } from 'axios';
import { type RetryOptions, retryInfo } from 'nestjs-selfheal/core';
import { attachResilience, HttpResponseError, type HttpOptions, resilientFetch } from 'nestjs-selfheal/http';
import { ManualClock } from 'nestjs-selfheal/testing';
import type { Answer } from './scripted-server.js';
import { failureOf, nextOf, policiesOf, serverOf } from './world.js';

const golden = (file: string): { readonly endToEnd: unknown } =>
  JSON.parse(readFileSync(new URL(`../../../support/golden/${file}`, import.meta.url), 'utf8'));

interface GoldenRow {
  readonly id: string;
  readonly requestsAtServer: number;
  readonly onRetry?: number;
  readonly onMax?: number;
  readonly bodies?: readonly string[];
  readonly result?: { readonly code?: string; readonly status?: number; readonly body?: string };
}

const axiosRows = (golden('axios-retry.json').endToEnd as { rows: readonly GoldenRow[] }).rows;
const goRows = golden('go-retryablehttp.json').endToEnd as readonly GoldenRow[];

const rowOf = (rows: readonly GoldenRow[], id: string): GoldenRow => {
  const found = rows.find((row) => row.id === id);
  if (found === undefined) throw new Error(`no golden row ${id}`);
  return found;
};

/** What axios-retry calls `retries: n` and no delay. */
const retries = (n: number, more: RetryOptions = {}): RetryOptions => ({
  maxAttempts: n + 1,
  backoff: { type: 'fixed', initialDelay: 0, jitter: 'none' },
  budget: false,
  ...more,
});

const detachers: (() => void)[] = [];
afterEach(() => detachers.splice(0).forEach((detach) => detach()));

/** A server, a client, and how often hooks were called. */
async function given(script: readonly Answer[], retry: RetryOptions, options: HttpOptions = {}) {
  const server = await serverOf(...script);
  const clock = new ManualClock();
  const { policies, events } = policiesOf({ clock });
  const told = { onRetry: 0, onGiveUp: 0 };
  const client = axios.create({ baseURL: server.url });
  const hooks: RetryOptions = {
    onRetry: () => (told.onRetry += 1),
    onGiveUp: () => (told.onGiveUp += 1),
  };
  const { detach } = attachResilience(client, policies, { ...options, retry: { ...hooks, ...retry } });
  detachers.push(detach);
  return { server, client, clock, policies, events, told, detach };
}

describe('axios-retry, end to end', () => {
  const failing: [string, readonly Answer[], RetryOptions, AxiosRequestConfig][] = [
    ['get-500x4', [500], retries(3), {}],
    ['post-500', [500], retries(3), { method: 'post' }],
    ['get-404', [404], retries(3), {}],
    ['500-then-404-retries1', [500, 404], retries(1), {}],
  ];

  it.each(failing)(
    '%s: as many requests, as many retries, the same error',
    async (id, script, retry, config) => {
      const row = rowOf(axiosRows, id);
      const { server, client, told } = await given(script, retry);

      const error = await failureOf(client.request(config));

      expect(server.requests).toHaveLength(row.requestsAtServer);
      expect(told).toEqual({ onRetry: row.onRetry, onGiveUp: 1 });
      expect(error).toMatchObject({ code: row.result?.code, response: { status: row.result?.status } });
    },
  );

  const recovering: [string, readonly Answer[], RetryOptions][] = [
    ['seed-sample-get-429', [429, 429, 200], retries(3)],
    ['request-specific', [500, 500, 200], retries(2)],
  ];

  it.each(recovering)('%s: recovers after as many requests', async (id, script, retry) => {
    const row = rowOf(axiosRows, id);
    const { server, client, told } = await given(script, retries(0));

    const { status } = await client.get('/', { resilience: retry });

    expect(status).toBe(row.result?.status);
    expect(server.requests).toHaveLength(row.requestsAtServer);
    expect(told).toEqual({ onRetry: row.onRetry, onGiveUp: 0 });
  });

  it('retry-after-1s-429: waits the second that the server asks for', async () => {
    const row = rowOf(axiosRows, 'retry-after-1s-429');
    const script = [{ status: 429, headers: { 'Retry-After': '1' } }, 200];
    const { server, client, clock, policies, events } = await given(script, retries(3));

    const scheduled = nextOf(policies, 'retry.scheduled');
    const call = client.get('/');
    await scheduled;
    await clock.advance(999);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1);

    expect((await call).status).toBe(row.result?.status);
    expect(server.requests).toHaveLength(row.requestsAtServer);
    expect(events.of('retry.scheduled')).toMatchObject([{ delayMs: 1000 }]);
  });

  it('retry-after-custom-delay-ignored: here a backoff of its own does not switch Retry-After off', async () => {
    const script = [{ status: 429, headers: { 'Retry-After': '1' } }, 200];
    const { client, policies, clock } = await given(
      script,
      retries(3, { backoff: { type: () => 0, jitter: 'none' } }),
    );

    const scheduled = nextOf(policies, 'retry.scheduled');
    const call = client.get('/');

    expect(await scheduled).toMatchObject({ delayMs: 1000 });
    await clock.advance(1000);
    expect((await call).status).toBe(200);
  });

  it('abort-during-delay: one request, a CanceledError; here no token and no timer is left', async () => {
    const row = rowOf(axiosRows, 'abort-during-delay');
    const delay = retries(3, { backoff: { type: 'fixed', initialDelay: '10s', jitter: 'none' } });
    const { server, client, clock, policies, told } = await given([429], delay);
    const controller = new AbortController();
    const scheduled = nextOf(policies, 'retry.scheduled');
    const call = client.get('/', { signal: controller.signal });
    await scheduled;

    controller.abort();

    expect(await failureOf(call)).toMatchObject({ name: 'CanceledError', code: row.result?.code });
    expect(server.requests).toHaveLength(row.requestsAtServer);
    expect(told).toEqual({ onRetry: row.onRetry, onGiveUp: 1 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('onRetry-throws: here it changes nothing', async () => {
    const onRetry = () => Promise.reject(new Error('hook'));
    const { server, client } = await given([500, 200], retries(3, { onRetry }));

    expect((await client.get('/')).status).toBe(200);
    expect(server.requests).toHaveLength(2);
  });

  it('success-interceptor-count: as many requests, but interceptors run once', async () => {
    const row = rowOf(axiosRows, 'success-interceptor-count');
    const { server, client } = await given([500, 500, 200], retries(3));
    let timesRun = 0;
    client.interceptors.response.use((response) => {
      timesRun += 1;
      return response;
    });

    await client.get('/');

    expect(server.requests).toHaveLength(row.requestsAtServer);
    expect(timesRun).toBe(1);
  });

  it('seed-sample-post-429: here a POST is sent once', async () => {
    const { server, client } = await given([429, 200], retries(3));

    await failureOf(client.post('/'));

    expect(server.requests).toHaveLength(1);
  });
});

describe('axios-retry, feature by feature', () => {
  it('`retryCondition`: `retryOn`; throwing means no', async () => {
    const retryOn = (error: unknown) => {
      if ((error as { response: { status: number } }).response.status === 418) return true;
      throw new Error('predicate');
    };
    const { server, client } = await given([418, 500, 200], retries(3, { retryOn }));

    expect(await failureOf(client.get('/'))).toMatchObject({ response: { status: 500 } });
    expect(server.requests).toHaveLength(2);
  });

  it('`shouldResetTimeout`: `timeout` is of one request, `totalTimeout` of all', async () => {
    const server = await serverOf('silence');
    const client = axios.create({ baseURL: server.url, timeout: 500 });
    const { policies } = policiesOf();
    attachResilience(client, policies, { retry: retries(1), timeLimiter: { totalTimeout: '20s' } });

    expect(await failureOf(client.get('/'))).toMatchObject({ code: 'ECONNABORTED' });
    expect(server.requests).toHaveLength(2);
  });

  it('`validateResponse`: `retryOnResult`, or `validateStatus` of axios', async () => {
    const { server, client } = await given([404, 404, 200], retries(3, { retryOn: () => true }));

    await client.get('/', { validateStatus: () => true });
    expect(server.requests).toHaveLength(1);

    expect((await client.get('/')).status).toBe(200);
    expect(server.requests).toHaveLength(3);
  });

  it('per-request options: `resilience`, laid over those of the instance', async () => {
    const { server, client, told } = await given([500], retries(5));

    await failureOf(client.get('/', { resilience: { maxAttempts: 2 } }));

    expect(server.requests).toHaveLength(2);
    expect(told.onRetry).toBe(1);
  });

  it('body on retry: not serialised twice', async () => {
    const { server, client } = await given([500, 200], retries(3));

    await client.put('/', { text: '"quoted"' });

    expect(server.bodies).toEqual(['{"text":"\\"quoted\\""}', '{"text":"\\"quoted\\""}']);
  });

  it('`onRetry` that changes the config: `prepareRetry`, waited for, once per retry', async () => {
    const prepareRetry: HttpOptions['prepareRetry'] = async ({ attempt, headers }) => {
      headers.set('Authorization', `token ${attempt}`);
    };
    const { server, client } = await given([500, 500, 200], retries(3), { prepareRetry });

    const { config } = await client.get('/', { headers: { Authorization: 'token 1' } });

    expect(server.sent('authorization')).toEqual(['token 1', 'token 2', 'token 3']);
    expect(config.headers.get('Authorization')).toBe('token 1');
  });

  it('ids for ejecting: `detach()`', async () => {
    const { server, client, detach } = await given([500], retries(3));

    detach();
    await failureOf(client.get('/'));

    expect(server.requests).toHaveLength(1);
  });

  it('state rides in the config: here it does not', async () => {
    const { client } = await given([500, 200], retries(3));
    const plain = axios.create();
    const keysOf = ({ config }: { config: object }) => Object.keys(config).sort();

    const [ours, theirs] = [await client.get('/'), await plain.get(client.defaults.baseURL ?? '')];

    expect(keysOf(ours).filter((key) => !keysOf(theirs).includes(key))).toEqual(['baseURL']);
  });
});

describe('go-retryablehttp, end to end', () => {
  const go: RetryOptions = {
    maxAttempts: 5,
    backoff: { initialDelay: '1s', maxDelay: '30s', jitter: 'none' },
    budget: false,
  };

  /** Runs a request on a clock that the test drives; answers with the delays as well. */
  async function sent(
    script: readonly Answer[],
    options: HttpOptions & { throwOnError?: boolean },
    init?: RequestInit,
  ) {
    const server = await serverOf(...script);
    const clock = new ManualClock();
    const { policies, events } = policiesOf({ clock });
    const stop = policies.events.listen((event) => {
      if (event.kind === 'retry.scheduled') setImmediate(() => void clock.advance(event.delayMs));
    });
    const work = resilientFetch(policies, options)(server.url, init);
    const outcome = await work.catch((error: unknown) => error);
    stop();
    return { server, outcome, delays: events.of('retry.scheduled').map(({ delayMs }) => delayMs) };
  }

  it('default-500: five requests, the same waits, and with `throwOnError` an error', async () => {
    const row = rowOf(goRows, 'default-500');

    const { server, outcome, delays } = await sent([500], { retry: go, throwOnError: true });

    expect(server.requests).toHaveLength(row.requestsAtServer);
    expect(delays).toEqual([1000, 2000, 4000, 8000]);
    expect(outcome).toBeInstanceOf(HttpResponseError);
    expect(retryInfo(outcome)).toMatchObject({ attempts: 5 });
  });

  it.each([
    ['post-500', 'hello', [500, 500, 200]],
    ['post-bytesbuffer', Buffer.from('hello'), [503, 200]],
  ] as const)('%s: sends the body again, where `retryUnsafe` says so', async (id, body, script) => {
    const row = rowOf(goRows, id);
    const retry = { ...go, retryUnsafe: true };

    const { server, outcome } = await sent(script, { retry }, { method: 'POST', body });

    expect(server.bodies).toEqual(row.bodies);
    expect((outcome as Response).status).toBe(200);
  });

  it('get-501: not retried', async () => {
    const row = rowOf(goRows, 'get-501');

    const { server, outcome } = await sent([501], { retry: go });

    expect(server.requests).toHaveLength(row.requestsAtServer);
    expect(await (outcome as Response).text()).toBe(row.result?.body);
  });

  it('get-429-retry-after-3600: an hour is waited for only where `maxRetryAfter` allows it', async () => {
    const row = rowOf(goRows, 'get-429-retry-after-3600');
    const script = [{ status: 429, headers: { 'Retry-After': '3600' } }, 200];

    const allowed = await sent(script, { retry: { ...go, maxRetryAfter: '1h' } });
    const refused = await sent(script, { retry: go });

    expect(allowed.server.requests).toHaveLength(row.requestsAtServer);
    expect(allowed.delays).toEqual([3_600_000]);
    expect(refused.server.requests).toHaveLength(1);
    expect(retryInfo(refused.outcome)).toMatchObject({ reason: 'retry-after' });
  });

  it('errorhandler: passthrough gives the last response', async () => {
    const row = rowOf(goRows, 'errorhandler');

    const { server, outcome } = await sent([500], { retry: { ...go, maxAttempts: 3 } });

    expect(server.requests).toHaveLength(row.requestsAtServer);
    expect((outcome as Response).status).toBe(row.result?.status);
    expect(await (outcome as Response).text()).toBe(row.result?.body);
  });

  it('retrymax-neg: one request', async () => {
    const row = rowOf(goRows, 'retrymax-neg');

    const { server } = await sent([500], { retry: { ...go, maxAttempts: 1 } });

    expect(server.requests).toHaveLength(row.requestsAtServer);
  });

  it('`PrepareRetry`: runs before each retry, after the wait, and may change headers', async () => {
    const attempts: number[] = [];
    const prepareRetry: HttpOptions['prepareRetry'] = async ({ attempt, headers }) => {
      attempts.push(attempt);
      headers.set('X-Signature', `s${attempt}`);
    };

    const { server } = await sent([500, 500, 200], { retry: go, prepareRetry });

    expect(attempts).toEqual([2, 3]);
    expect(server.sent('x-signature')).toEqual([undefined, 's2', 's3']);
  });

  it('`Logger`: no error and no event tells a URL, its credentials or a header', async () => {
    const server = await serverOf({ status: 503, headers: { 'Set-Cookie': 'secret=1' } });
    const { policies, events } = policiesOf();
    const send = resilientFetch(policies, { retry: retries(1), throwOnError: true });

    const error = await failureOf(
      send(`${server.url}/?token=secret`, { headers: { Authorization: 'secret' } }),
    );

    expect(JSON.stringify([error, events.all])).not.toContain('secret');
    expect(`${(error as Error).stack}`).not.toContain('secret');
  });
});
