import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BulkheadRegistry,
  CircuitBreakerRegistry,
  MemoryIdempotencyStore,
  RateLimiterRegistry,
  ResilienceEvents,
  ResilienceModule,
  RetryBudgetRegistry,
} from 'nestjs-selfheal';
import { Chance } from '../sim/chance.js';
import { IterableSoak } from './iterables.js';
import { growth, heapBytes, heapGrowth, type Resources, resourcesOf } from './leaks.js';
import { ObservableSoak } from './observables.js';
import { type Operation, operationsOf } from './operations.js';
import { BUDGETS } from './options.js';
import { PromiseSoak } from './promises.js';
import { EventCounts, Tally } from './tally.js';
import { KEYS, scriptOf } from './work.js';

@Module({ providers: [PromiseSoak, ObservableSoak, IterableSoak] })
class SoakModule {
  static with(store: MemoryIdempotencyStore): DynamicModule {
    return {
      module: SoakModule,
      imports: [
        ResilienceModule.forRoot({
          logger: false,
          idempotency: { store },
          retryBudget: BUDGETS.default,
          retryBudgets: { small: BUDGETS.small },
        }),
      ],
    };
  }
}

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Told of each measurement of the heap. */
  readonly onSample?: (line: { readonly calls: number; readonly heapBytes: number }) => void;
}

export interface SoakReport {
  readonly calls: number;
  readonly executions: number;
  readonly events: number;
  readonly callsPerSecond: number;
  readonly heapBytes: readonly number[];
  readonly resources: { readonly before: Resources; readonly after: Resources };
  readonly sizes: { readonly names: number; readonly idempotencyRecords: number };
  /** Empty where all is as it must be. */
  readonly violations: readonly string[];
}

const MAX_ATTEMPTS = 3;
/** Calls of each operation that run at a time. */
const AT_ONCE = 4;
/** Calls that end at once would never let a timer ring. */
const CALLS_PER_TURN = 8;
/** In less time a heap is still filled with code, and caches with what they may hold. */
const HEAP_JUDGED_FROM_S = 30;
const SAMPLES = 9;
/** Longer than any delay, limit and wait of the operations: what was let go of comes to its end. */
const SETTLING_MS = 500;

/** Of each registry no more than operations that use it; of the records no more than keys. */
const MOST = { names: 60, idempotencyRecords: KEYS };

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls of one operation, one after the other. */
async function caller(
  operation: Operation,
  tally: Tally,
  chance: Chance,
  isOver: () => boolean,
): Promise<void> {
  for (let made = 1; !isOver(); made += 1) {
    const script = scriptOf(chance, operation.faults);
    try {
      tally.succeeded(script, await operation.call(script));
    } catch (error) {
      tally.failedWith(script, error);
    }
    tally.finished(script);
    if (made % CALLS_PER_TURN === 0) await turn();
  }
}

/** An application, everything that is called in it, and everything that is counted. */
class Soak {
  readonly events = new EventCounts();
  readonly tallies: readonly (readonly [Operation, Tally])[];
  private readonly unhandled: unknown[] = [];
  private readonly subscription: { unsubscribe(): void };
  private readonly signal = new AbortController().signal;
  private isOver = false;

  constructor(private readonly application: INestApplicationContext) {
    this.tallies = operationsOf(application, this.signal).map(
      (operation) => [operation, new Tally(MAX_ATTEMPTS)] as const,
    );
    this.subscription = application.get(ResilienceEvents).subscribe((event) => this.events.add(event));
    process.on('unhandledRejection', this.onUnhandled);
  }

  get calls(): number {
    return this.tallies.reduce((sum, [, tally]) => sum + tally.calls, 0);
  }

  get executions(): number {
    return this.tallies.reduce((sum, [, tally]) => sum + tally.executions, 0);
  }

  resources(): Resources {
    return resourcesOf(this.signal);
  }

  /** Policies by name: a leak of names would be one of policies. */
  names(): number {
    const registries = [CircuitBreakerRegistry, BulkheadRegistry, RateLimiterRegistry, RetryBudgetRegistry];
    return registries.reduce((sum, registry) => sum + this.application.get(registry).names().length, 0);
  }

  /** Calls everything until `during` has ended. */
  async run(seed: number, during: () => Promise<void>): Promise<void> {
    const running = this.tallies.flatMap(([operation, tally], index) =>
      Array.from({ length: AT_ONCE }, (_, lane) =>
        caller(operation, tally, new Chance(seed + index * AT_ONCE + lane), () => this.isOver),
      ),
    );
    try {
      await during();
    } finally {
      this.isOver = true;
      await Promise.all(running);
    }
    await pause(SETTLING_MS);
  }

  violations(): string[] {
    const bulkheads = this.application.get(BulkheadRegistry).list();
    return [
      ...this.tallies.flatMap(([operation, tally]) => this.events.differences(operation, tally)),
      ...this.tallies
        .filter(([, tally]) => tally.calls === 0)
        .map(([{ name }]) => `${name} was never called`),
      ...bulkheads
        .filter(({ inUse, queued }) => inUse + queued > 0)
        .map(({ name, inUse, queued }) => `bulkhead ${name}: ${inUse} in use, ${queued} queued at the end`),
      ...this.unhandled.map((reason) => `unhandled rejection: ${String(reason)}`),
    ];
  }

  async close(): Promise<void> {
    this.subscription.unsubscribe();
    process.off('unhandledRejection', this.onUnhandled);
    await this.application.close();
  }

  private readonly onUnhandled = (reason: unknown): void => {
    this.unhandled.push(reason);
  };
}

/** Mixed traffic with faults through every policy and every kind of result, and what it leaves behind. */
export async function soak({ seconds, seed, onSample }: SoakOptions): Promise<SoakReport> {
  const store = new MemoryIdempotencyStore();
  const module = SoakModule.with(store);
  const running = new Soak(await NestFactory.createApplicationContext(module, { logger: false }));
  const heap: number[] = [];
  const sampled = async (): Promise<void> => {
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      await pause((seconds * 1_000) / SAMPLES);
      heap.push(heapBytes());
      onSample?.({ calls: running.calls, heapBytes: heap.at(-1) ?? 0 });
    }
  };
  const before = running.resources();
  try {
    await running.run(seed, sampled);
    const after = { resources: running.resources(), names: running.names() };
    const { calls, executions, events } = running;
    return {
      calls,
      executions,
      events: events.total,
      callsPerSecond: Math.round(calls / seconds),
      heapBytes: heap,
      resources: { before, after: after.resources },
      sizes: { names: after.names, idempotencyRecords: store.size },
      violations: [
        ...running.violations(),
        ...growth(before, after.resources),
        ...(seconds >= HEAP_JUDGED_FROM_S ? heapGrowth(heap) : []),
        ...tooMany('names of policies', after.names, MOST.names),
        ...tooMany('idempotency records', store.size, MOST.idempotencyRecords),
      ],
    };
  } finally {
    await running.close();
  }
}

function tooMany(what: string, found: number, most: number): string[] {
  return found > most ? [`${found} ${what}, at most ${most} can be in use`] : [];
}
