import { createHook } from 'node:async_hooks';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a process does while nobody asks it for anything. */
export interface Idle {
  /** Share of one core. */
  readonly cpuShare: number;
  /** The longest time that the event loop was kept from its work. */
  readonly lagMs: number;
}

/** Lets the process be, and tells what it did meanwhile. */
export async function idleFor(durationMs: number): Promise<Idle> {
  heapNow();
  // Helper threads go on sweeping for a while.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const resolutionMs = 10;
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  const began = process.cpuUsage();
  delays.enable();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  delays.disable();
  const { user, system } = process.cpuUsage(began);
  return { cpuShare: (user + system) / 1_000 / durationMs, lagMs: delays.max / 1e6 - resolutionMs };
}

/** Bytes that are in use once all garbage is gone; needs `gc`. */
export function heapNow(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Runs some work, and tells how many timers it has left behind, those that keep no process alive included. */
export async function timersOf<T>(work: () => T | Promise<T>): Promise<{ result: T; timers: number }> {
  const waiting = new Set<number>();
  const hook = createHook({
    init: (id, type) => (type === 'Timeout' ? waiting.add(id) : undefined),
    destroy: (id) => waiting.delete(id),
  }).enable();
  try {
    const result = await work();
    await new Promise((resolve) => setImmediate(resolve));
    return { result, timers: waiting.size };
  } finally {
    hook.disable();
  }
}
