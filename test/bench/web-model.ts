/** Which server of Nest is under the application. */
export type Platform = 'express' | 'fastify';

/** A route that answers what a service gives; its method is bare, decorated, or decorated with a time limit too. */
export const ROUTES = ['plain', 'decorated', 'limited'] as const;

/**
 * A route that creates something: unguarded, guarded by ours on a store, guarded by node-idempotency on one, and with
 * two questions to Redis that promise nothing.
 */
export const ORDERS = [
  'unguarded',
  'memory',
  'redis',
  'postgres',
  'peer-memory',
  'peer-redis',
  'floor-redis',
] as const;

/** What one server process serves. */
export type Route = (typeof ROUTES)[number] | (typeof ORDERS)[number];

/** How one server process is started. */
export interface WebSettings {
  readonly platform: Platform;
  readonly route: Route;
  /** Of the stores' servers. */
  readonly redisUrl: string;
  readonly postgresUrl: string;
}

/** What a server process is asked by the one that loads it. */
export type WebQuestion = 'cpu' | 'count' | 'counted';

/** What it answers; the first one without being asked. */
export type WebAnswer =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'cpu'; readonly us: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'counted'; readonly roundTrips: number };

/** What the slow handler answers: which execution it was, and when that ended, in milliseconds of the machine's clock. */
export interface SlowAnswer {
  readonly execution: string;
  readonly endedMs: number;
}

/** Now, on a clock that all processes of the machine have, finer than a millisecond. */
export function machineNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** How much is asked of each server. */
export interface WebEffort {
  readonly rounds: number;
  readonly warmUpRequests: number;
  /** Of a batch that keeps several connections busy, and of one that sends one request after the other. */
  readonly busyRequests: number;
  readonly singleRequests: number;
  readonly waitRounds: number;
  /** Guarded routes are measured on these. */
  readonly orderPlatforms: readonly Platform[];
}
