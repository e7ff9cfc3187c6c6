import { describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { retryInfo, RetrySignal } from 'nestjs-selfheal/core';
import { attachResilience, type HttpOptions, resilientFetch } from 'nestjs-selfheal/http';
import { AT_ONCE, failureOf, policiesOf, serverOf } from './world.js';

/** go-retryablehttp, `PrepareRetry(req)`: its error ends the retrying. */
describe('a retry that cannot be prepared', () => {
  // Of a class that would be retried, had an attempt failed with it.
  const expired = Object.assign(new Error('no token'), { status: 503 });
  const prepareRetry: HttpOptions['prepareRetry'] = () => Promise.reject(expired);
  const retry = { ...AT_ONCE, maxAttempts: 5, retryOn: () => true };

  it('ends the retrying of fetch, and its error is what the caller gets', async () => {
    const server = await serverOf(503);
    const { policies, events } = policiesOf();

    const error = await failureOf(resilientFetch(policies, { retry, prepareRetry })(server.url));

    expect(error).toBe(expired);
    expect(server.requests).toHaveLength(1);
    expect(events.of('retry.gave-up')).toMatchObject([{ reason: 'not-retryable', error: expired }]);
  });

  it('cannot ask for another attempt instead', async () => {
    const server = await serverOf(503);
    const { policies } = policiesOf();
    const asks: HttpOptions['prepareRetry'] = () => Promise.reject(new RetrySignal(expired));

    const error = await failureOf(resilientFetch(policies, { retry, prepareRetry: asks })(server.url));

    expect(error).toBe(expired);
    expect(server.requests).toHaveLength(1);
  });

  it('ends the retrying of axios, and its error is what the caller gets', async () => {
    const server = await serverOf(503);
    const { policies } = policiesOf();
    const client = axios.create({ baseURL: server.url });
    const { detach } = attachResilience(client, policies, { retry, prepareRetry });

    const error = await failureOf(client.get('/'));
    detach();

    expect(error).toBe(expired);
    expect(server.requests).toHaveLength(1);
    expect(retryInfo(expired)).toMatchObject({ reason: 'not-retryable' });
  });

  it('is known by the options of the retry as well, for what is the same for all requests', async () => {
    const server = await serverOf(503, 200);
    const { policies } = policiesOf();
    const tokens: number[] = [];
    const refresh = async ({ attempt }: { readonly attempt: number }): Promise<void> => {
      tokens.push(attempt);
    };

    await resilientFetch(policies, { retry: { ...AT_ONCE, prepareRetry: refresh } })(server.url);

    expect(tokens).toEqual([2]);
    expect(server.requests).toHaveLength(2);
  });
});
