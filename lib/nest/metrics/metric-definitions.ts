/** One metric of the contract, as every door spells it in its own way. */
export interface MetricDefinition {
  /** Its name in OpenTelemetry. */
  readonly name: string;
  /** `counter` only grows, `gauge` goes up and down, `histogram` keeps how values are spread. */
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Its unit in the words of UCUM; a number of things stands in braces. */
  readonly unit: string;
  /** One sentence for who reads a page of metrics. */
  readonly description: string;
  /** The names of its labels. */
  readonly labels: readonly string[];
}

/** All metrics of this package, by what they are about. */
export const METRICS = {
  calls: {
    name: 'resilience.calls',
    type: 'counter',
    unit: '{call}',
    description: 'Calls that have ended, by what their caller got.',
    labels: ['operation', 'outcome'],
  },
  callDuration: {
    name: 'resilience.call.duration',
    type: 'histogram',
    unit: 's',
    description: 'How long calls took, attempts, delays and waits included.',
    labels: ['operation'],
  },
  retries: {
    name: 'resilience.retries',
    type: 'counter',
    unit: '{retry}',
    description: 'Retries that were scheduled.',
    labels: ['operation'],
  },
  giveUps: {
    name: 'resilience.give_ups',
    type: 'counter',
    unit: '{call}',
    description: 'Failed calls that were not, or no longer, retried, by the reason.',
    labels: ['operation', 'reason'],
  },
  budgetTokens: {
    name: 'resilience.retry_budget.tokens',
    type: 'gauge',
    unit: '{token}',
    description: 'Tokens that are left in a retry budget; each pays for one retry.',
    labels: ['budget'],
  },
  breakerState: {
    name: 'resilience.circuit_breaker.state',
    type: 'gauge',
    unit: '{breaker}',
    description: '1 for the state that a circuit breaker is in, 0 for all others.',
    labels: ['name', 'state'],
  },
  breakerCalls: {
    name: 'resilience.circuit_breaker.calls',
    type: 'counter',
    unit: '{call}',
    description: 'What a circuit breaker made of its calls; slow ones are successes or failures as well.',
    labels: ['name', 'kind'],
  },
  breakerFailureRate: {
    name: 'resilience.circuit_breaker.failure_rate',
    type: 'gauge',
    unit: '1',
    description: 'Failures by recorded calls in the window of a circuit breaker, 0 to 1.',
    labels: ['name'],
  },
  bulkheadInUse: {
    name: 'resilience.bulkhead.in_use',
    type: 'gauge',
    unit: '{call}',
    description: 'Executions that run in a bulkhead now.',
    labels: ['name'],
  },
  rateLimiterAvailable: {
    name: 'resilience.rate_limiter.available',
    type: 'gauge',
    unit: '{call}',
    description: 'Calls that a rate limiter would let start now; none for one with a key.',
    labels: ['name'],
  },
  idempotencyRequests: {
    name: 'resilience.idempotency.requests',
    type: 'counter',
    unit: '{request}',
    description: 'What became of calls with an idempotency key.',
    labels: ['operation', 'outcome'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/**
 * Upper bounds of the histogram's buckets, in seconds, where nobody gives others: fine where a healthy call ends,
 * and up to what a call with all its retries may take.
 */
export const DURATION_BUCKETS_S: readonly number[] = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
