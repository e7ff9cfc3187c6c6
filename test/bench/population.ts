import { Injectable } from '@nestjs/common';
import { CircuitBreaker, CircuitBreakerRegistry } from 'nestjs-selfheal';
import { boot } from './application.js';
import { median } from './measure.js';

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
  /** Share of the registry's breakers that are gone after their application was dropped. */
  readonly collected: number;
  /** A failing call with a million calls in the window, to one with a thousand. */
  readonly countWindow: number;
  readonly timeWindow: number;
}

/** Needs `gc`. */
export async function measurePopulation(): Promise<Population> {
  const keyedBytes = await bytesOfKeyed();
  const named = await bytesOfNamed();
  const { countWindow, timeWindow } = await windows();
  const collected = await shareCollected(named.witnesses);
  return { keyedBytes, namedBytes: named.bytes, timers: named.timers, collected, countWindow, timeWindow };
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

async function bytesOfNamed(): Promise<{ bytes: number; timers: number; witnesses: WeakRef<object>[] }> {
  const application = await boot(Hosts);
  const registry = application.get(CircuitBreakerRegistry);
  const names = Array.from({ length: MANY }, (_, index) => `name-${index}`);
  const timersBefore = timersNow();
  const before = heapNow();
  for (const name of names) registry.getOrCreate(name);
  const bytes = (heapNow() - before) / names.length;
  const timers = timersNow() - timersBefore;
  const witnesses = names.map((name) => new WeakRef<object>(registry.get(name)));
  await application.close();
  return { bytes, timers, witnesses };
}

/** A failing call and a succeeding one in turn, so that the window never opens the breaker. */
async function windows(): Promise<{ countWindow: number; timeWindow: number }> {
  const application = await boot(Hosts);
  const registry = application.get(CircuitBreakerRegistry);
  const compare = (windowOf: (size: number) => object): number => {
    const [small, large] = [1_000, 1_000_000].map((size) => {
      const rules = { failureThreshold: false, failureRateThreshold: 1 } as const;
      const breaker = registry.getOrCreate(`window ${JSON.stringify(windowOf(size))} ${size}`, {
        ...rules,
        slidingWindow: windowOf(size) as { type: 'count'; size: number },
      });
      for (let call = 0; call < size; call += 1) breaker.tryAcquire()?.succeeded();
      return breaker;
    });
    const ratios: number[] = [];
    for (let round = 0; round < 15; round += 1) ratios.push(failing(large) / failing(small));
    return median(ratios);
  };
  const countWindow = compare((size) => ({ type: 'count', size }));
  const timeWindow = compare(() => ({ type: 'time', size: '1h' }));
  await application.close();
  return { countWindow, timeWindow };
}

type AnyBreaker = ReturnType<CircuitBreakerRegistry['get']>;

const FAILURE = new Error('down');

function failing(breaker: AnyBreaker | undefined): number {
  const began = performance.now();
  for (let call = 0; call < 10_000; call += 1) {
    breaker?.tryAcquire()?.failed(FAILURE);
    breaker?.tryAcquire()?.succeeded();
  }
  return performance.now() - began;
}

async function shareCollected(witnesses: readonly WeakRef<object>[]): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  heapNow();
  await new Promise((resolve) => setTimeout(resolve, 50));
  heapNow();
  return witnesses.filter((each) => each.deref() === undefined).length / witnesses.length;
}

function heapNow(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function timersNow(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
