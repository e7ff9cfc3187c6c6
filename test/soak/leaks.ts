import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What must be the same at the end as at the beginning. */
export interface Resources {
  readonly timers: number;
  readonly handles: number;
  readonly processListeners: number;
  readonly signalListeners: number;
}

export function resourcesOf(signal: AbortSignal): Resources {
  const active = process.getActiveResourcesInfo();
  const timers = active.filter((name) => name === 'Timeout' || name === 'Immediate').length;
  return {
    timers,
    handles: active.length - timers,
    processListeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    signalListeners: getEventListeners(signal, 'abort').length,
  };
}

/** Resources of which there are more than before. */
export function growth(before: Resources, after: Resources): string[] {
  const names = ['timers', 'handles', 'processListeners', 'signalListeners'] as const;
  return names
    .filter((name) => after[name] > before[name])
    .map((name) => `${name}: ${before[name]} before, ${after[name]} after`);
}

/** Bytes that are in use after a collection. */
export function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}

const ALLOWED = { bytes: 3_000_000, part: 0.1 };

/** Heaps are compared by the middle of several, the first of them left out: code is still being compiled. */
export function heapGrowth(samples: readonly number[]): string[] {
  const half = Math.floor((samples.length - 1) / 2);
  const early = median(samples.slice(1, 1 + half));
  const late = median(samples.slice(-half));
  const isFlat = late - early <= Math.max(ALLOWED.bytes, ALLOWED.part * early);
  return isFlat ? [] : [`heap: ${megabytes(early)} early, ${megabytes(late)} late`];
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
