import { heapNow, type Idle, idleFor, timersOf } from './idle.js';
import { type Effort, median } from './measure.js';
import { loadPeer } from './peer-modules.js';

/** Peers that have a breaker without Nest. */
export type PeerName = 'cockatiel' | 'opossum' | 'mollitia';

/** What a great many breakers of a peer cost. */
export interface PeerPopulation {
  readonly count: number;
  readonly bytes: number;
  readonly timers: number;
  readonly idle: Idle;
  /** Share that is gone once nobody holds them. */
  readonly collected: number;
  readonly smallUs: number;
  readonly largeUs: number;
  readonly largeSize: number;
}

/** A breaker: the method fails with an error where the argument is true. */
type PeerBreaker = (isDown: boolean) => Promise<unknown>;

interface Peer {
  /** The object that the peer's user keeps, with its default window. */
  make(): object;
  /** One that takes a window of so many calls, and that none of them opens. */
  window(size: number): PeerBreaker;
  /** Filling a larger one would take minutes. */
  readonly largestWindow: number;
}

const COUNT = 10_000;
const FAILURE = new Error('down');
const HOUR_MS = 3_600_000;

async function method(isDown: boolean): Promise<number> {
  if (isDown) throw FAILURE;
  return 1;
}

const PEERS: Record<PeerName, () => Promise<Peer>> = {
  cockatiel: async () => {
    const { circuitBreaker, ConsecutiveBreaker, handleAll, SamplingBreaker } = await loadPeer('cockatiel');
    return {
      make: () => circuitBreaker(handleAll, { halfOpenAfter: HOUR_MS, breaker: new ConsecutiveBreaker(5) }),
      window: () => {
        const breaker = new SamplingBreaker({ threshold: 0.99, duration: HOUR_MS });
        const policy = circuitBreaker(handleAll, { halfOpenAfter: HOUR_MS, breaker });
        return (isDown) => policy.execute(() => method(isDown));
      },
      largestWindow: Infinity,
    };
  },
  opossum: async () => {
    const { default: Breaker } = await loadPeer('opossum');
    return {
      make: () => new Breaker(method, { timeout: false }),
      window: () => {
        const breaker = new Breaker(method, { timeout: false, errorThresholdPercentage: 100 });
        return (isDown) => breaker.fire(isDown);
      },
      largestWindow: Infinity,
    };
  },
  mollitia: async () => {
    const { Circuit, SlidingCountBreaker } = await loadPeer('mollitia');
    const circuitOf = (options: object) => {
      const modules = [new SlidingCountBreaker({ failureRateThreshold: 100, ...options })];
      return new Circuit({ func: method, options: { modules } });
    };
    return {
      make: () => circuitOf({}),
      window: (slidingWindowSize) => {
        const circuit = circuitOf({ slidingWindowSize });
        return (isDown) => circuit.execute(isDown);
      },
      largestWindow: 10_000,
    };
  },
};

/** Needs `gc`. */
export async function measurePeer(name: PeerName, effort: Effort): Promise<PeerPopulation> {
  const peer = await PEERS[name]();
  const largeSize = Math.min(effort.largeWindow, peer.largestWindow);
  const smallUs = await failingUs(peer.window(1_000), 1_000);
  const largeUs = await failingUs(peer.window(largeSize), largeSize);
  return { ...(await populationOf(peer, effort)), smallUs, largeUs, largeSize };
}

async function populationOf(peer: Peer, { idleMs }: Effort) {
  const before = heapNow();
  const made = await timersOf(() => Array.from({ length: COUNT }, () => peer.make()));
  const { result: breakers, timers } = made;
  const bytes = (heapNow() - before) / COUNT;
  const idle = await idleFor(idleMs);
  const witnesses = breakers.map((breaker) => new WeakRef(breaker));
  breakers.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 50));
  heapNow();
  const collected = witnesses.filter((each) => each.deref() === undefined).length / COUNT;
  return { count: COUNT, bytes, timers, idle, collected };
}

async function failingUs(breaker: PeerBreaker, size: number): Promise<number> {
  for (let call = 0; call < size; call += 1) await breaker(false);
  const samples: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const began = performance.now();
    await breaker(true).catch(() => undefined);
    await breaker(false);
    samples.push(1_000 * (performance.now() - began));
  }
  return median(samples);
}
