import { BACKOFFS } from './contention.js';
import { type Job, OVERLOAD_POLICIES } from './jobs.js';
import { OVERLOAD } from './overload.js';
import { CONCENTRATED_POLICIES, SCATTERED_POLICIES } from './policies.js';

/** How much is run. */
export interface Effort {
  readonly contentionClients: readonly number[];
  readonly contentionRuns: number;
  readonly overloadSeeds: number;
  readonly failureSeeds: number;
  /** Of the second form at {@link CHANCY}. */
  readonly chancySeeds: number;
  /** Of the second and third experiment: clients, load and capacity. */
  readonly scale: number;
}

/** What the specification asks for. */
export const FULL: Effort = {
  contentionClients: [10, 50, 100, 190],
  contentionRuns: 100,
  overloadSeeds: 5,
  failureSeeds: 3,
  chancySeeds: 16,
  scale: 1,
};

/** One seed, few runs of the first experiment, and a fifth of the others. */
export const QUICK: Effort = {
  contentionClients: [10, 100],
  contentionRuns: 5,
  overloadSeeds: 1,
  failureSeeds: 1,
  chancySeeds: 1,
  scale: 0.2,
};

const SCATTERED_PROBABILITIES = [0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 1];
const CONCENTRATED_PROBABILITIES = [0.01, 0.05, 0.1, 0.2, 0.3, 0.45, 0.55, 0.7];
/**
 * Here one breaker in nine opens by chance among its first twenty calls, and may stay open for long while its probes
 * fail by chance as well: the mean of three seeds is off by more than the point that the gates allow.
 */
const CHANCY = 0.3;
/** A fleet of more and smaller processes, and a load that leaves the server room. */
const MANY_CLIENTS = 100;
const LIGHT_LOAD = 300;

/** All runs, those first that take longest. */
export function planOf(effort: Effort, firstSeed: number): readonly Job[] {
  return [...overloads(effort, firstSeed), ...failures(effort, firstSeed), ...contentions(effort, firstSeed)];
}

function seeds(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function overloads({ overloadSeeds, scale }: Effort, firstSeed: number): Job[] {
  const { clients, callsPerSecond } = OVERLOAD;
  const variants = [
    ...OVERLOAD_POLICIES.map(({ id }) => ({ policy: id, clients, callsPerSecond })),
    ...['default', 'default-breaker'].map((policy) => ({ policy, clients: MANY_CLIENTS, callsPerSecond })),
    ...['default', 'default-breaker', 'seed'].map((policy) => ({
      policy,
      clients,
      callsPerSecond: LIGHT_LOAD,
    })),
  ];
  return variants.flatMap((variant) =>
    seeds(firstSeed, overloadSeeds).map((seed): Job => ({ kind: 'overload', ...variant, seed, scale })),
  );
}

function failures({ failureSeeds, chancySeeds, scale }: Effort, firstSeed: number): Job[] {
  const all = [
    { kind: 'scattered', policies: SCATTERED_POLICIES, probabilities: SCATTERED_PROBABILITIES },
    { kind: 'concentrated', policies: CONCENTRATED_POLICIES, probabilities: CONCENTRATED_PROBABILITIES },
  ] as const;
  return all.flatMap(({ kind, policies, probabilities }) =>
    policies.flatMap(({ id }) =>
      probabilities.flatMap((probability) => {
        const isChancy = kind === 'concentrated' && probability === CHANCY;
        const count = isChancy ? chancySeeds : failureSeeds;
        return seeds(firstSeed, count).map((seed) => ({ kind, policy: id, probability, seed, scale }) as Job);
      }),
    ),
  );
}

function contentions({ contentionClients, contentionRuns, failureSeeds }: Effort, firstSeed: number): Job[] {
  const jobs: Job[] = [...contentionClients].reverse().flatMap((clients) =>
    BACKOFFS.flatMap(({ id }) =>
      seeds(firstSeed, contentionRuns).map((seed): Job => ({
        kind: 'contention',
        policy: id,
        clients,
        seed,
      })),
    ),
  );
  const layers = [10, 100].map((callsPerSecond): Job => ({
    kind: 'layers',
    callsPerSecond,
    seed: firstSeed,
  }));
  const herds = seeds(firstSeed, failureSeeds).map((seed): Job => ({ kind: 'herd', clients: 1_000, seed }));
  return [...jobs, ...layers, ...herds];
}
