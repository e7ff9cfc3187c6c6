import type { RetryOptions } from '../../../lib/policies/retry/index.js';
import { executions, PipelineWorld, type Started } from '../../support/pipeline-world.js';
import { caseOptions, httpError } from '../../support/retry-world.js';

export class Unavailable extends Error {}
export class Refused extends Error {}

export const ALWAYS = httpError(503);
export const AT_ONCE = { type: 'fixed', initialDelay: 0 } as const;
export const fixed = (initialDelay: number) => ({ type: 'fixed', initialDelay }) as const;

/** How a call went. */
export interface Played extends Started {
  readonly world: PipelineWorld;
  /** The delays before its retries. */
  readonly delays: readonly number[];
  /** How many executions there were. */
  readonly runs: number;
}

/** Calls a function that does this in turn, the last one repeated; an error is thrown, a text is returned. */
export async function play(retry: RetryOptions, ...script: readonly (string | Error)[]): Promise<Played> {
  const world = new PipelineWorld();
  const call = await world.call(world.pipeline({ retry: caseOptions(retry) }), executions(...script));
  const delays = world.events.of('retry.scheduled').map(({ delayMs }) => delayMs);
  return { ...call, world, delays, runs: call.runsAt.length };
}
