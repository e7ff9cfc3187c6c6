import {
  bulkhead,
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
import { Bare } from './application.js';

/** A call under a peer's policies. */
export interface PeerCall {
  call(value: number): Promise<unknown>;
}

const bare = new Bare();

function underCockatiel(policy: IPolicy): PeerCall {
  return { call: (value) => policy.execute(() => bare.call(value)) };
}

function cockatielBreaker(): ReturnType<typeof circuitBreaker> {
  return circuitBreaker(handleAll, { halfOpenAfter: 3_600_000, breaker: new ConsecutiveBreaker(5) });
}

function cockatielRetry(): IPolicy {
  return retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() });
}

function cockatielLimit(): IPolicy {
  return timeout(2_000, TimeoutStrategy.Aggressive);
}

async function openCockatiel(): Promise<PeerCall> {
  const policy = cockatielBreaker();
  for (let failure = 0; failure < 5; failure += 1) {
    await policy.execute(() => Promise.reject(new Error('down'))).catch(() => undefined);
  }
  return underCockatiel(policy);
}

function underOpossum(
  options: ConstructorParameters<typeof OpossumBreaker>[1],
): PeerCall & { readonly breaker: OpossumBreaker } {
  const breaker = new OpossumBreaker((value: number) => bare.call(value), options);
  return { breaker, call: (value) => breaker.fire(value) };
}

/** The rows that the peers have, by the id of ours; opossum has no retry and no rate limiter. */
export async function peerCalls(): Promise<Record<string, PeerCall>> {
  const open = underOpossum({ timeout: false });
  open.breaker.open();
  return {
    'breaker/cockatiel': underCockatiel(cockatielBreaker()),
    'retry/cockatiel': underCockatiel(cockatielRetry()),
    'three/cockatiel': underCockatiel(wrap(cockatielRetry(), cockatielBreaker(), cockatielLimit())),
    'five/cockatiel': underCockatiel(
      wrap(cockatielRetry(), cockatielBreaker(), cockatielLimit(), bulkhead(25)),
    ),
    'open/cockatiel': await openCockatiel(),
    'breaker/opossum': underOpossum({ timeout: false }),
    'three/opossum': underOpossum({ timeout: 2_000 }),
    'five/opossum': underOpossum({ timeout: 2_000, capacity: 25 }),
    'open/opossum': open,
  };
}
