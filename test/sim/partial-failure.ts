import type { Policy } from './client.js';
import { onClockOf } from './global-clock.js';
import { World } from './world.js';

/** Experiment 3: a server that fails each attempt by chance and is never overloaded. */
export interface FailureModel {
  readonly clients: number;
  readonly callsPerSecondOfEach: number;
  readonly durationMs: number;
  /** How long one attempt takes. */
  readonly attemptMs: (world: World) => number;
}

const ONE_WAY_MEAN_MS = 10;

/** A hundred busy processes. */
export const SCATTERED: FailureModel = {
  clients: 100,
  callsPerSecondOfEach: 10,
  durationMs: 60_000,
  attemptMs: ({ chance }) => chance.exponential(ONE_WAY_MEAN_MS) + chance.exponential(ONE_WAY_MEAN_MS),
};

/** The second form, with breakers. */
export const CONCENTRATED: FailureModel = {
  clients: 20,
  callsPerSecondOfEach: 35,
  durationMs: 60_000,
  attemptMs: () => 20,
};

export interface PartialFailure {
  /** Calls that succeeded, 0..1. */
  readonly success: number;
  /** Attempts per call. */
  readonly load: number;
}

/** Calls that began may still wait for a while. */
const SETTLING_MS = 30_000;

class ServiceUnavailable extends Error {
  readonly status = 503;
}

/** Made once: stacks of a million failures would be most of the work. */
const FAILURE = new ServiceUnavailable('by chance');

/** One run with this probability of failure. */
export function partialFailure(
  policy: Policy,
  model: FailureModel,
  { probability, seed }: { readonly probability: number; readonly seed: number },
): Promise<PartialFailure> {
  const world = new World(seed);
  return onClockOf(world, policy, () => simulate(world, policy, { ...model, probability }));
}

async function simulate(
  world: World,
  { make }: Policy,
  model: FailureModel & { readonly probability: number },
): Promise<PartialFailure> {
  let [calls, attempts, successes] = [0, 0, 0];
  const send = async (): Promise<void> => {
    attempts += 1;
    const fails = world.chance.next() < model.probability;
    await world.wait(model.attemptMs(world));
    if (fails) throw FAILURE;
  };
  for (const client of Array.from({ length: model.clients }, () => make(world))) {
    world.arrivals(model.callsPerSecondOfEach, model.durationMs, () => {
      calls += 1;
      client(send).then(
        () => (successes += 1),
        () => undefined,
      );
    });
  }
  await world.run(model.durationMs + SETTLING_MS);
  return { success: successes / calls, load: attempts / calls };
}
