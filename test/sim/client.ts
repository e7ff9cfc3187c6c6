import { createPolicies, type PoliciesOptions, type PolicyOptions } from 'nestjs-selfheal/core';
import type { World } from './world.js';

/** Sends one request; resolves with the answer, rejects with a failure, may be silent for ever. */
export type Send = () => Promise<unknown>;

/** One client process: makes a call out of as many requests as its policies want. */
export type Client = (send: Send) => Promise<unknown>;

/** Makes one client process; what it shares, it shares with nobody. */
export type ClientMaker = (world: World) => Client;

/** How a client came by its rules. */
export type Origin = 'ours' | 'run for real' | 'model';

/** A named way of calling. */
export interface Policy {
  readonly id: string;
  readonly title: string;
  readonly origin: Origin;
  readonly make: ClientMaker;
}

/** The library itself: an application of its own for each client, on the world's clock. */
export function ours(policies: PolicyOptions, application: PoliciesOptions = {}): ClientMaker {
  return ({ clock }) => {
    const guarded = createPolicies({ ...application, clock }).guard('Backend.call', policies);
    return (send) => guarded(send);
  };
}
