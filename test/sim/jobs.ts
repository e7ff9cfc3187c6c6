import type { Policy } from './client.js';
import { BACKOFFS, type Contention, contention } from './contention.js';
import { type Herd, herd, layers } from './layers-and-herd.js';
import { type Overload, OVERLOAD, overload } from './overload.js';
import { CONCENTRATED, type PartialFailure, partialFailure, SCATTERED } from './partial-failure.js';
import {
  CONCENTRATED_POLICIES,
  OUR_OVERLOAD_POLICIES,
  PEER_OVERLOAD_POLICIES,
  SCATTERED_POLICIES,
} from './policies.js';

interface FailureJob<K> {
  readonly kind: K;
  readonly policy: string;
  readonly probability: number;
  readonly seed: number;
  /** Of the clients: each does what it does in the whole. */
  readonly scale: number;
}

/** One seeded run of one experiment: plain data, so that it can be sent to another thread. */
export type Job =
  | { readonly kind: 'contention'; readonly policy: string; readonly clients: number; readonly seed: number }
  | {
      readonly kind: 'overload';
      readonly policy: string;
      readonly clients: number;
      readonly callsPerSecond: number;
      readonly seed: number;
      /** Of clients, load and capacity together: each client meets what it meets in the whole. */
      readonly scale: number;
    }
  | FailureJob<'scattered'>
  | FailureJob<'concentrated'>
  | { readonly kind: 'layers'; readonly callsPerSecond: number; readonly seed: number }
  | { readonly kind: 'herd'; readonly clients: number; readonly seed: number };

/** What a run comes to. */
export type Result = Contention | Overload | PartialFailure | Herd | { readonly load: number };

/** All rows of experiment 2. */
export const OVERLOAD_POLICIES: readonly Policy[] = [...OUR_OVERLOAD_POLICIES, ...PEER_OVERLOAD_POLICIES];

/** @throws {Error} where no row has this id */
export function policyOf(policies: readonly Policy[], id: string): Policy {
  const found = policies.find((policy) => policy.id === id);
  if (found === undefined) throw new Error(`no policy is called "${id}"`);
  return found;
}

/** Runs one. */
export async function runJob(job: Job): Promise<Result> {
  switch (job.kind) {
    case 'contention':
      return contention(policyOf(BACKOFFS, job.policy), job.clients, job.seed);
    case 'overload':
      return scaledOverload(job);
    case 'scattered':
      return partialFailure(policyOf(SCATTERED_POLICIES, job.policy), scaled(SCATTERED, job.scale), job);
    case 'concentrated':
      return partialFailure(
        policyOf(CONCENTRATED_POLICIES, job.policy),
        scaled(CONCENTRATED, job.scale),
        job,
      );
    case 'layers':
      return { load: await layers(job.callsPerSecond, job.seed) };
    case 'herd':
      return herd(job.clients, job.seed);
  }
}

/** A part of the experiment, told in the figures of the whole. */
async function scaledOverload(job: Job & { readonly kind: 'overload' }): Promise<Overload> {
  const { clients, callsPerSecond, seed, scale } = job;
  const model = {
    ...OVERLOAD,
    clients: clients * scale,
    callsPerSecond: callsPerSecond * scale,
    capacity: OVERLOAD.capacity * scale,
  };
  const result = await overload(policyOf(OVERLOAD_POLICIES, job.policy), model, seed);
  return { ...result, goodput: result.goodput.map((each) => each / scale) };
}

function scaled<M extends { readonly clients: number }>(model: M, scale: number): M {
  return { ...model, clients: model.clients * scale };
}
