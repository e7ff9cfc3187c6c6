import { defer, lastValueFrom, type Observable, retry as retryStream, timeout as timeoutStream } from 'rxjs';
import { Bare } from './application.js';
import { loadPeer } from './peer-modules.js';

/** A call under a peer's policies. */
export interface PeerCall {
  call(value: number): Promise<unknown>;
}

/** Calls by the id of our row and the peer's name. */
export type PeerCalls = Record<string, PeerCall>;

const bare = new Bare();
const LIMIT_MS = 2_000;
const HOUR_MS = 3_600_000;

/** Every row that a peer has. */
export async function peerCalls(): Promise<PeerCalls> {
  return {
    ...(await cockatielCalls()),
    ...(await opossumCalls()),
    ...(await mollitiaCalls()),
    ...(await nestjsResilienceCalls()),
    ...(await retryCalls()),
    ...rxjsCalls(),
  };
}

async function cockatielCalls(): Promise<PeerCalls> {
  const peer = await loadPeer('cockatiel');
  type Policy = ReturnType<typeof peer.wrap>;
  const { handleAll } = peer;
  const breaker = () =>
    peer.circuitBreaker(handleAll, { halfOpenAfter: HOUR_MS, breaker: new peer.ConsecutiveBreaker(5) });
  const retry = () => peer.retry(handleAll, { maxAttempts: 2, backoff: new peer.ExponentialBackoff() });
  const limit = () => peer.timeout(LIMIT_MS, peer.TimeoutStrategy.Aggressive);
  const under = (policy: Pick<Policy, 'execute'>): PeerCall => ({
    call: (value) => policy.execute(() => bare.call(value)),
  });
  const open = breaker();
  for (let failure = 0; failure < 5; failure += 1) {
    await open.execute(() => Promise.reject(new Error('down'))).catch(() => undefined);
  }
  return {
    'breaker/cockatiel': under(breaker()),
    'retry/cockatiel': under(retry()),
    'three/cockatiel': under(peer.wrap(retry(), breaker(), limit())),
    'five/cockatiel': under(peer.wrap(retry(), breaker(), limit(), peer.bulkhead(25))),
    'open/cockatiel': under(open),
  };
}

/** It has no retry: where one is wanted, p-retry stands over it. */
async function opossumCalls(): Promise<PeerCalls> {
  const { default: Breaker } = await loadPeer('opossum');
  const { default: pRetry } = await loadPeer('p-retry');
  const breakerOf = (options: ConstructorParameters<typeof Breaker>[1]) =>
    new Breaker((value: number) => bare.call(value), options);
  const under = (breaker: ReturnType<typeof breakerOf>): PeerCall => ({
    call: (value) => breaker.fire(value),
  });
  const retried = (breaker: ReturnType<typeof breakerOf>): PeerCall => ({
    call: (value) => pRetry(() => breaker.fire(value), { retries: 2 }),
  });
  const open = breakerOf({ timeout: false });
  open.open();
  return {
    'breaker/opossum': under(breakerOf({ timeout: false })),
    'breakerLimit/opossum': under(breakerOf({ timeout: 10_000 })),
    'three/opossum': retried(breakerOf({ timeout: LIMIT_MS })),
    'five/opossum': retried(breakerOf({ timeout: LIMIT_MS, capacity: 25 })),
    'open/opossum': under(open),
  };
}

async function mollitiaCalls(): Promise<PeerCalls> {
  const { Circuit, Retry, SlidingCountBreaker, Timeout, Bulkhead } = await loadPeer('mollitia');
  const under = (...modules: readonly object[]): PeerCall => {
    const circuit = new Circuit({ func: (value: number) => bare.call(value), options: { modules } });
    return { call: (value) => circuit.execute(value) };
  };
  const three = () => [
    new Retry({ attempts: 2 }),
    new SlidingCountBreaker(),
    new Timeout({ delay: LIMIT_MS }),
  ];
  return {
    'breaker/mollitia': under(new SlidingCountBreaker()),
    'retry/mollitia': under(new Retry({ attempts: 2 })),
    'three/mollitia': under(...three()),
    'five/mollitia': under(...three(), new Bulkhead({ concurrentSize: 25 })),
    'open/mollitia': under(new SlidingCountBreaker({ state: 'opened', openStateDelay: HOUR_MS })),
  };
}

/** Its strategies are written innermost first. */
async function nestjsResilienceCalls(): Promise<PeerCalls> {
  const { ResilienceFactory, UseResilience } = await loadPeer('nestjs-resilience');
  const breaker = () =>
    ResilienceFactory.createCircuitBreakerStrategy({ sleepWindowInMilliseconds: HOUR_MS });
  const retry = () => ResilienceFactory.createRetryStrategy({ maxRetries: 2 });
  const limit = () => ResilienceFactory.createTimeoutStrategy(LIMIT_MS);
  const decorated = (name: string, ...strategies: readonly object[]) => {
    class Service {
      isDown = false;

      @UseResilience(...strategies)
      async call(value: number): Promise<number> {
        if (this.isDown) throw new Error('down');
        return value;
      }
    }
    // It keeps the state of a breaker by the names of class and method.
    Object.defineProperty(Service, 'name', { value: name });
    return new Service();
  };
  const open = decorated('Open', breaker());
  open.isDown = true;
  for (let failure = 0; failure < 40; failure += 1) await open.call(failure).catch(() => undefined);
  return {
    'disabled/nestjs-resilience': decorated('Empty'),
    'breaker/nestjs-resilience': decorated('Breaker', breaker()),
    'retry/nestjs-resilience': decorated('Retry', retry()),
    'three/nestjs-resilience': decorated('Three', limit(), breaker(), retry()),
    'five/nestjs-resilience': decorated(
      'Five',
      ResilienceFactory.createBulkheadStrategy({ maxConcurrent: 25, maxQueue: 0 }),
      limit(),
      breaker(),
      retry(),
    ),
    'open/nestjs-resilience': open,
  };
}

async function retryCalls(): Promise<PeerCalls> {
  const { StandardRetryStrategy } = await loadPeer('@smithy/util-retry');
  const { default: asyncRetry } = await loadPeer('async-retry');
  const { default: pRetry } = await loadPeer('p-retry');
  const smithy = new StandardRetryStrategy(3);
  const underSmithy = async (value: number): Promise<number> => {
    const token = await smithy.acquireInitialRetryToken('bench');
    const result = await bare.call(value);
    smithy.recordSuccess(token);
    return result;
  };
  return {
    'retry/smithy': { call: underSmithy },
    'retry/async-retry': { call: (value) => asyncRetry(() => bare.call(value), { retries: 2 }) },
    'retry/p-retry': { call: (value) => pRetry(() => bare.call(value), { retries: 2 }) },
  };
}

/** It has no breaker: its row of three is a time limit and a retry. */
function rxjsCalls(): PeerCalls {
  const source = (value: number): Observable<number> => defer(() => bare.call(value));
  const again = { count: 2, delay: 100 };
  return {
    'retry/rxjs': { call: (value) => lastValueFrom(source(value).pipe(retryStream(again))) },
    'three/rxjs': {
      call: (value) =>
        lastValueFrom(source(value).pipe(timeoutStream({ each: LIMIT_MS }), retryStream(again))),
    },
  };
}
