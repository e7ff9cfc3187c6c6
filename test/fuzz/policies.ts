import type { PolicyOptions } from '../../lib/pipeline/index.js';
import type { Plan } from './script.js';

/** The policies of a plan, as an application would write them. */
export function policiesOf(plan: Plan): PolicyOptions {
  const { fallback, hedge, limiter } = plan;
  return {
    ...(plan.isStated && { order: plan.order }),
    fallback: fallback && {
      handler: 'value' in fallback ? fallback : { lastGood: { maxAge: fallback.lastGoodMs } },
    },
    timeLimiter: timeLimiterOf(plan),
    retry: retryOf(plan),
    hedge: hedge && { delay: hedge.delayMs, maxHedgedAttempts: hedge.maxHedgedAttempts },
    circuitBreaker: breakerOf(plan),
    rateLimiter: limiter && {
      type: limiter.type,
      limit: limiter.limit,
      window: limiter.windowMs,
      maxWaitDuration: limiter.maxWaitMs,
    },
    bulkhead: bulkheadOf(plan),
  };
}

function timeLimiterOf({ totalMs, attemptMs }: Plan): PolicyOptions['timeLimiter'] {
  if (totalMs === undefined && attemptMs === undefined) return undefined;
  return {
    ...(totalMs !== undefined && { totalTimeout: totalMs }),
    ...(attemptMs !== undefined && { attemptTimeout: attemptMs }),
  };
}

function retryOf({ retry }: Plan): PolicyOptions['retry'] {
  if (retry === undefined) return undefined;
  return {
    maxAttempts: retry.maxAttempts,
    backoff: { type: 'fixed', initialDelay: retry.delayMs, jitter: 'none' },
    maxRetryAfter: retry.maxRetryAfterMs,
    budget: retry.isBudgeted ? 'default' : false,
    ...(retry.judges && { retryOnResult: isBad }),
    ...(retry.maxDurationMs !== Number.POSITIVE_INFINITY && { maxDuration: retry.maxDurationMs }),
  };
}

function breakerOf({ breaker }: Plan): PolicyOptions['circuitBreaker'] {
  if (breaker === undefined) return undefined;
  const { rate } = breaker;
  return {
    failureThreshold: breaker.failureThreshold,
    failureRateThreshold: rate === false ? false : rate.threshold,
    ...(rate !== false && {
      slidingWindow: { type: 'count', size: rate.size },
      minimumNumberOfCalls: rate.size,
    }),
    waitDurationInOpenState: { initialDelay: breaker.waitMs, multiplier: 2, maxDelay: breaker.maxWaitMs },
    permittedNumberOfCallsInHalfOpenState: breaker.permitted,
    maxWaitDurationInHalfOpenState: breaker.maxProbeMs,
    ...(breaker.judges && { recordResult: isBad }),
  };
}

function bulkheadOf({ bulkhead }: Plan): PolicyOptions['bulkhead'] {
  if (bulkhead === undefined) return undefined;
  const { maxConcurrentCalls, maxQueueSize, maxWaitMs } = bulkhead;
  return {
    maxConcurrentCalls,
    maxQueueSize,
    ...(maxWaitMs !== undefined && { maxWaitDuration: maxWaitMs }),
  };
}

const isBad = (value: unknown): boolean => value === 'bad';
