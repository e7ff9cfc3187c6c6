import { pathToFileURL } from 'node:url';
import type { DynamicModule } from '@nestjs/common';
import type OpossumBreaker from 'opossum';

/** A policy or circuit of mollitia; options as its documentation names them. */
type MollitiaModule = new (options?: object) => object;

interface Mollitia {
  readonly Circuit: new <A, T>(circuit: {
    readonly func: (argument: A) => Promise<T>;
    readonly options: { readonly modules: readonly object[] };
  }) => { execute(argument: A): Promise<T> };
  readonly Retry: MollitiaModule;
  readonly SlidingCountBreaker: MollitiaModule;
  readonly Timeout: MollitiaModule;
  readonly Bulkhead: MollitiaModule;
}

interface NestjsResilience {
  readonly ResilienceFactory: {
    createRetryStrategy(options: object): object;
    createCircuitBreakerStrategy(options: object): object;
    createTimeoutStrategy(timeoutMs: number): object;
    createBulkheadStrategy(options: object): object;
  };
  UseResilience(...strategies: readonly object[]): MethodDecorator;
}

interface SmithyRetry {
  readonly StandardRetryStrategy: new (maxAttempts: number) => {
    acquireInitialRetryToken(scope: string): Promise<object>;
    recordSuccess(token: object): void;
  };
}

type RetryFunction = (call: () => Promise<number>, options: { readonly retries: number }) => Promise<number>;

interface NodeIdempotency {
  readonly NodeIdempotencyModule: {
    forRootAsync(options: {
      readonly storage: { readonly adapter: string; readonly options?: object };
    }): DynamicModule;
  };
  Idempotent(options?: object): MethodDecorator;
}

/**
 * What this bench uses of the peers. They belong to a folder of their own, which the compiler does not need to be
 * installed; of two versions, the one that was asked for.
 */
export interface PeerModules {
  readonly cockatiel: typeof import('cockatiel');
  readonly opossum: { readonly default: typeof OpossumBreaker };
  readonly mollitia: Mollitia;
  readonly 'nestjs-resilience': NestjsResilience;
  readonly '@smithy/util-retry': SmithyRetry;
  readonly 'async-retry': { readonly default: RetryFunction };
  readonly '@node-idempotency/nestjs': NodeIdempotency;
  readonly 'p-retry': { readonly default: RetryFunction };
}

type Load = <K extends keyof PeerModules>(name: K) => Promise<PeerModules[K]>;

/** The script that loads the peers; it stands in the folder that lists their versions. */
const LOADER = process.env['BENCH_PEERS'] ?? '';

/** Loads one of the peers, the first time and again. */
export const loadPeer: Load = async (name) => {
  const { load } = (await import(pathToFileURL(LOADER).href)) as { load: Load };
  return load(name);
};
