import { createEnvironment, ApplicationLifetime } from '../../../../lib/core/environment.js';
import { EventHub } from '../../../../lib/core/event-hub.js';
import type { CallContext } from '../../../../lib/core/call.js';
import { IdempotentRunner } from '../../../../lib/pipeline/idempotent-runner.js';
import { type IdempotentRunOptions, runIdempotent } from '../../../../lib/pipeline/idempotent-service.js';
import {
  claimsOf,
  type IdempotencyOptions,
  type IdempotencyStore,
  type MemoryClaims,
  type OutcomeCodec,
  MemoryIdempotencyStore,
  resolveIdempotencySettings,
} from '../../../../lib/policies/idempotency/index.js';
import { EventRecorder } from '../../../../lib/testing/event-recorder.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

/** A memory store that counts what is asked of it, and can be made to fail or to hang. */
export class ProbedStore extends MemoryIdempotencyStore {
  readonly asked: string[] = [];
  /** What the operations of this name do instead. */
  readonly instead = new Map<string, () => Promise<never>>();

  override begin(...args: Parameters<IdempotencyStore['begin']>) {
    return this.probe('begin', () => super.begin(...args));
  }

  override extend(...args: Parameters<IdempotencyStore['extend']>) {
    return this.probe('extend', () => super.extend(...args));
  }

  override complete(...args: Parameters<IdempotencyStore['complete']>) {
    return this.probe('complete', () => super.complete(...args));
  }

  override release(...args: Parameters<IdempotencyStore['release']>) {
    return this.probe('release', () => super.release(...args));
  }

  private probe<T>(name: string, operation: () => Promise<T>): Promise<T> {
    this.asked.push(name);
    return this.instead.get(name)?.() ?? operation();
  }
}

export type Run = (
  fn: (call: CallContext) => unknown,
  options?: Partial<IdempotentRunOptions>,
) => Promise<unknown>;

/** One process: a runner of its own, on a store that others may share. */
export interface Process {
  readonly run: Run;
  readonly runner: IdempotentRunner;
  readonly events: EventRecorder;
  readonly lifetime: ApplicationLifetime;
  readonly warnings: string[];
  /** What was told of functions of the application that failed. */
  readonly reports: string[];
}

export interface World extends Process {
  readonly clock: ManualClock;
  readonly store: ProbedStore;
  /** Another process on the same store. */
  another(): Process;
}

export function idempotentWorld(codec?: OutcomeCodec): World {
  const clock = new ManualClock();
  const store = new ProbedStore({ clock });
  const another = (): Process => processOn(store, clock, codec === undefined ? {} : { codec });
  return { clock, store, another, ...another() };
}

/** One process whose store answers at once, as that of an application that names none. */
export function worldAtOnce(given: IdempotencyOptions = {}): Process & { readonly clock: ManualClock } {
  const clock = new ManualClock();
  const { maxEntries } = resolveIdempotencySettings(given);
  const store = new MemoryIdempotencyStore({ clock, maxEntries });
  return { clock, ...processOn(store, clock, given, claimsOf(store)) };
}

function processOn(
  store: IdempotencyStore,
  clock: ManualClock,
  { codec }: IdempotencyOptions,
  claims?: MemoryClaims,
): Process {
  const hub = new EventHub(clock);
  const lifetime = new ApplicationLifetime();
  const settings = resolveIdempotencySettings(codec === undefined ? {} : { codec });
  const runner = new IdempotentRunner(store, settings, createEnvironment(clock, hub, lifetime), claims);
  const warnings: string[] = [];
  const reports: string[] = [];
  hub.onReport((what, error) => reports.push(`${what}: ${String(error)}`));
  const around = { runner, warned: new Set<string>(), warn: (warning: string) => warnings.push(warning) };
  const run: Run = (fn, options = {}) =>
    runIdempotent(around, { operation: 'Orders.place', key: 'k', ...options }, fn);
  return { run, runner, events: new EventRecorder(hub), lifetime, warnings, reports };
}

/** A promise that is settled from outside. */
export function gate<T>(): {
  readonly promise: Promise<T>;
  open(value: T): void;
  fail(error: unknown): void;
} {
  let open: (value: T) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
