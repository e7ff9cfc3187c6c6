import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import {
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
  type IPolicy,
  retry,
  wrap,
} from 'cockatiel';
import { createPolicies } from 'nestjs-selfheal/core';
import { type CallerName, STORM } from './model.js';

/** Makes one call. */
export type Caller = () => Promise<unknown>;

const ROOT = join(import.meta.dirname, '../../..');

/** A client of its own, as an application would make it; every request that it sends is told of. */
export function callerOf(name: CallerName, port: number, onAttempt: () => void): Caller {
  const http = axios.create({
    baseURL: `http://127.0.0.1:${port}`,
    timeout: STORM.attemptTimeoutMs,
    httpAgent: new Agent({ keepAlive: true }),
    proxy: false,
  });
  http.interceptors.request.use((config) => {
    onAttempt();
    return config;
  });
  const send = (): Promise<unknown> => http.get('/');
  switch (name) {
    case 'plain':
      return send;
    case 'axios-retry':
      withAxiosRetry(http);
      return send;
    case 'cockatiel-retry':
      return under(cockatielRetry(), send);
    case 'cockatiel':
      return under(wrap(cockatielRetry(), cockatielBreaker()), send);
    case 'ours': {
      const guarded = createPolicies().guard('Backend.call', { retry: {}, circuitBreaker: {} });
      return () => guarded(send);
    }
  }
}

/** It belongs to the folder of the bench, which the compiler does not need to be installed. */
interface AxiosRetryModule {
  default(instance: AxiosInstance): void;
}

function withAxiosRetry(http: AxiosInstance): void {
  const load = createRequire(join(ROOT, 'test/bench/package.json'));
  const { default: axiosRetry } = load('axios-retry') as AxiosRetryModule;
  axiosRetry(http);
}

function under(policy: IPolicy, send: Caller): Caller {
  return () => policy.execute(send);
}

// The options are those of cockatiel's README.
function cockatielRetry(): IPolicy {
  return retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() });
}

function cockatielBreaker(): IPolicy {
  return circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
}
