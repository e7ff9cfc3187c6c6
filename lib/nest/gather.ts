import { type CallContext, type Duration, onAbort, OptionCheck } from '../core/index.js';
import type { CallOptions, Pipeline } from '../pipeline/index.js';

/** The parts of a whole, each a function that is called once. */
export type Parts = Readonly<Record<string, (call: CallContext) => unknown>>;

/** How parts are gathered. */
export interface GatherOptions extends CallOptions {
  /** What events and errors call the parts: `operation.part`. @defaultValue 'gather' */
  readonly operation?: string;
  /**
   * A part that has not answered by then has failed with `TimeoutExceededError`, and its signal aborts.
   *
   * @defaultValue no limit
   */
  readonly within?: Duration;
}

/** What came of the parts: each name is in exactly one of the two. */
export interface Gathered<P extends Parts> {
  /** What the parts gave that did not fail. */
  readonly values: { readonly [K in keyof P]?: Awaited<ReturnType<P[K]>> };
  /** What the others failed with, by name. */
  readonly failed: { readonly [K in keyof P]?: unknown };
  /** Whether no part failed. */
  readonly isComplete: boolean;
}

/** Runs all parts at once, each in the pipeline of its name; see `ResilienceService.gather`. */
export async function gatherParts<P extends Parts>(
  parts: P,
  pipelineOf: (part: string) => Pipeline,
  options: CallOptions,
): Promise<Gathered<P>> {
  const names = Object.keys(parts);
  // None has begun where one cannot be meant.
  for (const name of names)
    new OptionCheck('gather', pipelineOf(name).operation).function('part', parts[name]);
  const all = names.map((name) => pipelineOf(name).run(parts[name], [], options));
  const ends = await untilAborted(Promise.allSettled(all), options.signal);
  const values: [string, unknown][] = [];
  const failed: [string, unknown][] = [];
  for (const [index, end] of ends.entries()) {
    const name = names[index] ?? '';
    if (end.status === 'fulfilled') values.push([name, end.value]);
    else failed.push([name, end.reason]);
  }
  // Each name has the value that its own part gave.
  return {
    values: Object.fromEntries(values),
    failed: Object.fromEntries(failed),
    isComplete: failed.length === 0,
  } as Gathered<P>;
}

/** @throws the reason of the abort, at once */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  let stopWatching = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stopWatching = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stopWatching();
  }
}
