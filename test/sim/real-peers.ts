import {
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
  type IPolicy,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import OpossumBreaker from 'opossum';
import type { Policy, Send } from './client.js';
import { ATTEMPT_TIMEOUT_MS } from './overload.js';

function cockatielClient(id: string, title: string, make: () => IPolicy): Policy {
  return {
    id,
    title,
    origin: 'run for real',
    make: () => {
      const policy = make();
      return (send) => policy.execute(send);
    },
  };
}

// The options are those of cockatiel's README.
const threeRetries = (): IPolicy => retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() });
const consecutive = (): IPolicy =>
  circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
const limit = (): IPolicy => timeout(ATTEMPT_TIMEOUT_MS, TimeoutStrategy.Aggressive);

/** cockatiel's retry with its exponential backoff. */
export const cockatiel = cockatielClient('cockatiel', 'cockatiel: retry', () =>
  wrap(threeRetries(), limit()),
);

/** The same around its consecutive breaker. */
export const cockatielWithBreaker = cockatielClient(
  'cockatiel-breaker',
  'cockatiel: retry + breaker (README)',
  () => wrap(threeRetries(), consecutive(), limit()),
);

/** opossum has no retry: its breaker with its defaults. */
export const opossum: Policy = {
  id: 'opossum',
  title: 'opossum: breaker (defaults), no retries',
  origin: 'run for real',
  make: () => {
    const breaker = new OpossumBreaker((send: Send) => send(), { timeout: ATTEMPT_TIMEOUT_MS });
    return (send) => breaker.fire(send);
  },
};
