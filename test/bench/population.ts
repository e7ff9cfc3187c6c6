import { Injectable } from '@nestjs/common';
import { CircuitBreaker, CircuitBreakerRegistry } from 'nestjs-selfheal';
import { boot } from './application.js';
import { heapNow, type Idle, idleFor, timersOf } from './idle.js';
import { type Effort, median } from './measure.js';

const MANY = 100_000;

@Injectable()
class Hosts {
  @CircuitBreaker({ name: 'hosts', key: (host: string) => host, maxKeys: MANY })
  async ask(host: string): Promise<string> {
    return host;
  }
}

/** What a great many breakers cost: bytes each, and timers in all. */
export interface Population {
  /** Of one that a key has made, used once. */
  readonly keyedBytes: number;
  /** Of one that the registry has made, never used. */
  readonly namedBytes: number;
  readonly timers: number;
  /** All of them, used, and then nothing happens. */
  readonly idle: Idle;
  /** Share of the registry's breakers that are gone after their application was dropped. */
  readonly collected: number;
  readonly windows: Windows;
}

/** A failing call by how many calls are in its window. */
export interface Windows {
  readonly smallUs: number;
  readonly largeUs: number;
  readonly largeSize: number;
  /** The large window's to the small one's: medians of rounds in turn. */
  readonly countRatio: number;
  readonly timeRatio: number;
}

/** Needs `gc`. */
export async function measurePopulation(effort: Effort): Promise<Population> {
  const keyedBytes = await bytesOfKeyed();
  const named = await bytesOfNamed(effort);
  const collected = await shareCollected(named.witnesses);
  const { bytes: namedBytes, timers, idle } = named;
  return { keyedBytes, namedBytes, timers, idle, collected, windows: await windows(effort) };
}

async function bytesOfKeyed(): Promise<number> {
  const application = await boot(Hosts);
  const service = application.get(Hosts);
  const keys = Array.from({ length: MANY }, (_, index) => `host-${index}`);
  await service.ask('first');
  const before = heapNow();
  for (const key of keys) await service.ask(key);
  return (heapNow() - before) / keys.length;
}

interface Named {
  readonly bytes: number;
  readonly timers: number;
  readonly idle: Idle;
  readonly witnesses: readonly WeakRef<object>[];
}

async function bytesOfNamed({ idleMs }: Effort): Promise<Named> {
  const application = await boot(Hosts);
  const registry = application.get(CircuitBreakerRegistry);
  const names = Array.from({ length: MANY }, (_, index) => `name-${index}`);
  const before = heapNow();
  const made = await timersOf(() => names.forEach((name) => registry.getOrCreate(name)));
  const bytes = (heapNow() - before) / names.length;
  const used = await timersOf(() => names.forEach((name) => registry.get(name).tryAcquire()?.succeeded()));
  const timers = made.timers + used.timers;
  const idle = await idleFor(idleMs);
  const witnesses = names.map((name) => new WeakRef<object>(registry.get(name)));
  await application.close();
  return { bytes, timers, idle, witnesses };
}

/** A failing call and a succeeding one in turn, so that the window never opens the breaker. */
async function windows({ largeWindow }: Effort): Promise<Windows> {
  const application = await boot(Hosts);
  const registry = application.get(CircuitBreakerRegistry);
  const compare = (
    windowOf: (size: number) => SlidingWindow,
  ): { small: number; large: number; ratio: number } => {
    const [small, large] = [1_000, largeWindow].map((size) => {
      const slidingWindow = windowOf(size);
      const name = `window ${slidingWindow.type} ${size}`;
      const rules = { failureThreshold: false, failureRateThreshold: 1, slidingWindow } as const;
      const breaker = registry.getOrCreate(name, rules);
      for (let call = 0; call < size; call += 1) breaker.tryAcquire()?.succeeded();
      return breaker;
    });
    const rounds = Array.from({ length: 15 }, () => ({ small: failing(small), large: failing(large) }));
    return {
      small: median(rounds.map((round) => round.small)),
      large: median(rounds.map((round) => round.large)),
      ratio: median(rounds.map((round) => round.large / round.small)),
    };
  };
  const count = compare((size) => ({ type: 'count', size }));
  const time = compare(() => ({ type: 'time', size: '1h' }));
  await application.close();
  const measured = { smallUs: count.small, largeUs: count.large, largeSize: largeWindow };
  return { ...measured, countRatio: count.ratio, timeRatio: time.ratio };
}

type SlidingWindow =
  { readonly type: 'count'; readonly size: number } | { readonly type: 'time'; readonly size: '1h' };

type AnyBreaker = ReturnType<CircuitBreakerRegistry['get']>;

const FAILURE = new Error('down');

/** Microseconds of a failing call and a succeeding one. */
function failing(breaker: AnyBreaker | undefined): number {
  const calls = 10_000;
  const began = performance.now();
  for (let call = 0; call < calls; call += 1) {
    breaker?.tryAcquire()?.failed(FAILURE);
    breaker?.tryAcquire()?.succeeded();
  }
  return (1_000 * (performance.now() - began)) / calls;
}

async function shareCollected(witnesses: readonly WeakRef<object>[]): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  heapNow();
  await new Promise((resolve) => setTimeout(resolve, 50));
  heapNow();
  return witnesses.filter((each) => each.deref() === undefined).length / witnesses.length;
}
