import type {
  CircuitBreakerOptions,
  PoliciesOptions,
  RetryBudgetOptions,
  RetryOptions,
} from 'nestjs-selfheal/core';
import { awsQuota, finagle, grpcThrottle, inFlight } from './allowances.js';
import { ours, type Policy } from './client.js';
import { modelled, type ModelledRetry } from './modelled-client.js';
import { ATTEMPT_TIMEOUT_MS } from './overload.js';
import { cockatiel, cockatielWithBreaker, opossum } from './real-peers.js';

type Named = readonly [id: string, title: string];

interface Rules {
  readonly retry?: RetryOptions;
  readonly breaker?: CircuitBreakerOptions;
  readonly budget?: RetryBudgetOptions;
  readonly attemptTimeout?: number;
}

function library([id, title]: Named, { retry, breaker, budget, attemptTimeout }: Rules): Policy {
  const policies = {
    ...(retry !== undefined && { retry }),
    ...(breaker !== undefined && { circuitBreaker: breaker }),
    ...(attemptTimeout !== undefined && { timeLimiter: { attemptTimeout } }),
  };
  const application: PoliciesOptions = budget === undefined ? {} : { retryBudget: budget };
  return { id, title, origin: 'ours', make: ours(policies, application) };
}

function model([id, title]: Named, retry: ModelledRetry): Policy {
  return { id, title, origin: 'model', make: modelled(retry) };
}

const NO_DELAY = { type: 'fixed', initialDelay: 0, jitter: 'none' } as const;
const DEFAULT = 'default retry + breaker';
/** Five failures in a row at any time, and a long wait. */
const SEED: CircuitBreakerOptions = { failureRateThreshold: false, waitDurationInOpenState: '30s' };

const attemptTimeout = ATTEMPT_TIMEOUT_MS;
const limited = (named: Named, rules: Rules): Policy => library(named, { ...rules, attemptTimeout });
const unbounded = (named: Named, retry: RetryOptions): Policy =>
  limited(named, { retry: { maxAttempts: 4, ...retry, budget: false } });
const waiting = (wait: '1s' | '5s' | '10s' | '30s'): Policy =>
  limited([`breaker-${wait}`, `${DEFAULT} that waits ${wait}`], {
    retry: {},
    breaker: { waitDurationInOpenState: wait },
  });

/** What the experiment measures the library's own rules against. */
export const OUR_OVERLOAD_POLICIES: readonly Policy[] = [
  limited(['none', 'no retries'], {}),
  unbounded(['4-at-once', '4 attempts, no delay, no budget'], { backoff: NO_DELAY }),
  unbounded(['4-exponential', '4 attempts, exponential, no budget'], { backoff: { jitter: 'none' } }),
  unbounded(['4-full', '4 attempts, full jitter, no budget'], {}),
  unbounded(['3-full', '3 attempts, full jitter, no budget'], { maxAttempts: 3 }),
  limited(['default', 'default retry'], { retry: {} }),
  limited(['default-breaker', DEFAULT], { retry: {}, breaker: {} }),
  ...(['1s', '5s', '10s', '30s'] as const).map(waiting),
  limited(['rate-only', `${DEFAULT}: rate rule only, 5 s, 5 permits`], {
    retry: {},
    breaker: {
      failureThreshold: false,
      waitDurationInOpenState: '5s',
      permittedNumberOfCallsInHalfOpenState: 5,
    },
  }),
  limited(['seed', 'default retry + breaker: 5 in a row, 30 s'], { retry: {}, breaker: SEED }),
];

const fullJitter =
  (initialMs: number) =>
  (attempt: number, random: () => number): number =>
    random() * Math.min(20_000, initialMs * 2 ** (attempt - 1));
const threeTimes = { maxAttempts: 3, delayMs: fullJitter(100) };

/** Budgets of other systems; where they say nothing of attempts and delays, ours stand in. */
const budgets = (timeout: Partial<ModelledRetry>): readonly Policy[] => [
  model(['grpc', 'gRPC throttle 10 / 0.1'], {
    ...threeTimes,
    ...timeout,
    allowance: grpcThrottle(10, 0.1),
  }),
  model(['aws', 'AWS quota 500 / 14'], { ...threeTimes, ...timeout, allowance: awsQuota(500, 14) }),
];

/** What other libraries and systems do by default. */
export const PEER_OVERLOAD_POLICIES: readonly Policy[] = [
  ...budgets({ attemptTimeoutMs: attemptTimeout }),
  model(['finagle-10', '10 % of calls + 1/s (Finagle)'], {
    ...threeTimes,
    attemptTimeoutMs: attemptTimeout,
    allowance: finagle(0.1, 1),
  }),
  model(['finagle-20', '20 % of calls + 10/s (Finagle default)'], {
    ...threeTimes,
    attemptTimeoutMs: attemptTimeout,
    allowance: finagle(0.2, 10),
  }),
  model(['envoy', '20 % in flight, at least 3 (Envoy)'], {
    ...threeTimes,
    attemptTimeoutMs: attemptTimeout,
    allowance: inFlight(0.2, 3),
  }),
  model(['axios-retry', 'axios-retry: 3 retries at once'], {
    maxAttempts: 4,
    delayMs: () => 0,
    attemptTimeoutMs: attemptTimeout,
  }),
  model(['p-retry', 'p-retry: 10 retries, 1 s × 2ⁿ'], {
    maxAttempts: 11,
    delayMs: (attempt) => 1_000 * 2 ** (attempt - 1),
    attemptTimeoutMs: attemptTimeout,
  }),
  model(['async-retry', 'async-retry: 10 retries, 1–2 s × 2ⁿ'], {
    maxAttempts: 11,
    delayMs: (attempt, random) => 1_000 * (1 + random()) * 2 ** (attempt - 1),
    attemptTimeoutMs: attemptTimeout,
  }),
  cockatiel,
  cockatielWithBreaker,
  opossum,
];

const atOnce: RetryOptions = { backoff: NO_DELAY };

/** Experiment 3: there is no backoff and no attempt timeout. */
export const SCATTERED_POLICIES: readonly Policy[] = [
  library(['none', 'no retries'], {}),
  library(['4-at-once', '4 attempts, no budget'], { retry: { ...atOnce, maxAttempts: 4, budget: false } }),
  library(['default', 'default retry'], { retry: atOnce }),
  library(['no-refund', 'default retry, refund: false'], { retry: atOnce, budget: { refund: false } }),
  ...budgets({ delayMs: () => 0 }),
];

const withBreaker = (named: Named, breaker: CircuitBreakerOptions): Policy =>
  library(named, { retry: {}, breaker });

/** The second form of experiment 3. */
export const CONCENTRATED_POLICIES: readonly Policy[] = [
  library(['none', 'no retries'], {}),
  library(['default', 'default retry'], { retry: {} }),
  withBreaker(['default-breaker', DEFAULT], {}),
  withBreaker(['rate-only', `${DEFAULT}: rate rule only`], { failureThreshold: false }),
  withBreaker(['breaker-5s', `${DEFAULT} that waits 5s`], { waitDurationInOpenState: '5s' }),
  withBreaker(['breaker-30s', `${DEFAULT} that waits 30s`], { waitDurationInOpenState: '30s' }),
  withBreaker(['seed', 'default retry + breaker: 5 in a row, 30 s'], SEED),
  cockatielWithBreaker,
];
